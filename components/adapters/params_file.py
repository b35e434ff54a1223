"""Reads and writes params.yaml."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import ValidationError

from components.params import Params


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
