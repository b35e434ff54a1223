"""Reads the file of an experiment, and applies what a variant changes to the parameters of a release."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from components.experiments.declaration import Declaration, DeclarationError, parse_declaration
from components.params.overrides import OverrideError, with_overrides
from components.params.params import Params

POLICY = ("routing", "llm")
"""The sections of params.yaml that are a release's policy: a variant may change them."""


def read_experiment_file(path: Path) -> Declaration:
    """The declaration in a YAML file.

    Raises:
        DeclarationError: the file cannot be read or is not a valid declaration; the message names file and field.
    """
    import yaml

    try:
        return parse_declaration(yaml.safe_load(path.read_text()), str(path))
    except OSError as error:
        raise DeclarationError(f"{path}: the file cannot be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise DeclarationError(f"{path}: not YAML: {error}") from error


def params_of_variant(params: Params, policy: Mapping[str, Any], variant: str) -> Params:
    """`params` with the variant's policy put in, by dotted paths such as routing.diversity.strength.

    Raises:
        DeclarationError: a path is no parameter of the policy, or a value is wrong.
    """
    for path in policy:
        if path.split(".")[0] not in POLICY:
            known = " and ".join(f"{part}.*" for part in POLICY)
            raise DeclarationError(f"variant {variant}: policy {path!r} is no parameter of a policy ({known})")
    try:
        return with_overrides(params, policy)
    except OverrideError as error:
        raise DeclarationError(f"variant {variant}: policy {error}") from error


def policy_of(params: Params) -> dict[str, Any]:
    """The sections of the policy, as a release keeps them."""
    return {section: getattr(params, section).model_dump() for section in POLICY}
