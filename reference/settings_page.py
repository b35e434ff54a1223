"""Reads every setting of the environment, its default, and what the comment beside it says it means."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

from pydantic import BaseModel

from components.config.settings import NOT_OURS, PREFIX, Settings
from reference.markdown import code, table

INTRODUCTION = """# Settings

Addresses, folders and secrets come from the environment, and from nowhere else. Secrets never reach a log, an artifact
or a prompt. A variable that begins with `RECOPS_` and is not listed here is refused, with those that are.
"""
COMMENT = re.compile(r"^    (\w+): [^#]*(?:# (?:noqa: \w+ - )?(.*))?$")


@dataclass(frozen=True)
class Setting:
    """A variable of the environment; `default` is None where there is none."""

    variable: str
    default: object
    meaning: str


def settings_of(model: type[BaseModel] = Settings) -> list[Setting]:
    """In the order of the source."""
    lines = map(COMMENT.match, inspect.getsource(model).splitlines())
    comments = {found[1]: found[2] or "" for found in lines if found}
    theirs = {field: variable for variable, field in NOT_OURS.items()}
    return [
        Setting(theirs.get(name, PREFIX + name.upper()), field.default, comments.get(name, ""))
        for name, field in model.model_fields.items()
    ]


def settings_page() -> str:
    """The page of all settings."""
    rows = ((code(setting.variable), _written(setting), setting.meaning) for setting in settings_of())
    return INTRODUCTION + "\n" + table(("variable", "default", "meaning"), rows)


def _written(setting: Setting) -> str:
    if setting.variable == PREFIX + "PROJECT":
        return "where recops is"
    if isinstance(setting.default, bool):
        return code(str(setting.default).lower())
    return "" if setting.default is None else code(setting.default)
