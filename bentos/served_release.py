"""What a Bento knows about itself: release.json, written when it is built and read when it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from components.params import Routing

FILE = "release.json"
BUNDLE = "bundle"


class ServedRelease(BaseModel):
    """A release as the service sees it.

    Attributes:
        routing: the routing policy, part of the release because it can change a ranking.
        details: more that `GET /release` shows, such as model and data versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    release_id: str
    variant: str = "default"
    routing: Routing
    details: dict[str, Any] = Field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write into `folder`."""
        (folder / FILE).write_text(self.model_dump_json(indent=1) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read what `write` wrote."""
        return cls.model_validate_json((folder / FILE).read_text())
