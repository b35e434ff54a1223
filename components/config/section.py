"""What every group of parameters is: frozen, and strict about its keys."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A group of parameters; an unknown key is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
