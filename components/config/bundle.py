"""The section `bundle` of params.yaml: what a bundle carries besides the model."""

from __future__ import annotations

from pydantic import Field

from components.config.section import Section


class BundleConfig(Section):
    """What the served bundle carries besides the model."""

    sample_users: int = Field(ge=1)
