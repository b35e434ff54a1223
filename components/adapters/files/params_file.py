"""Reads and writes params.yaml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from components.params.params import Params

# The section `data:` up to its key `version`; only indented, blank and comment lines may come between.
_DATA_VERSION = re.compile(r"^data:.*\n(?:[ \t#].*\n|\n)*?[ \t]+version:[ \t]*(?P<tag>[^\s#]+)", re.MULTILINE)


class ParamsError(Exception):
    """params.yaml is missing or says something it may not."""


def read_params(path: Path) -> Params:
    """The parameters in `path`.

    Raises:
        ParamsError: the file is missing, is not YAML, or has a wrong or unknown key (named in the message).
    """
    try:
        return Params.model_validate(yaml.safe_load(path.read_text()))
    except FileNotFoundError as error:
        raise ParamsError(f"{path} does not exist; run the command from the project root") from error
    except yaml.YAMLError as error:
        raise ParamsError(f"{path} is not valid YAML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ParamsError(f"{path}: {key}: {first['msg']}") from error


def read_preset(folder: Path, name: str) -> dict[str, Any]:
    """What the preset `name` changes in params.yaml, by dotted path; it lies in `folder` as NAME.yaml.

    Only the section `train` may be changed, as all else is not a matter of how long training takes.

    Raises:
        ParamsError: there is no such preset, or it is no mapping of paths below `train`.
    """
    path = folder / f"{name}.yaml"
    known = ", ".join(sorted(found.stem for found in folder.glob("*.yaml")))
    if name not in known.split(", "):
        raise ParamsError(f"there is no preset {name!r} in {folder}; known are {known}")
    try:
        changes = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ParamsError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(changes, dict) or not all(str(key).startswith("train.") for key in changes):
        raise ParamsError(f"{path} must map dotted paths below train., such as train.seed, to values")
    return changes


def set_data_version(path: Path, tag: str) -> None:
    """Changes `data.version` in `path` to `tag` and nothing else, comments included.

    Raises:
        ParamsError: the file is missing or wrong, or has no line `version:` under `data:`.
    """
    read_params(path)
    text = path.read_text()
    match = _DATA_VERSION.search(text)
    if match is None:
        raise ParamsError(f"{path} has no line `version:` under `data:`; write data.version there by hand")
    edited = path.with_name(f".{path.name}.new")
    edited.write_text(text[: match.start("tag")] + tag + text[match.end("tag") :])
    edited.replace(path)
