"""The section `prepare` of params.yaml: which interactions count as relevant."""

from __future__ import annotations

from components.config.section import Section


class PrepareConfig(Section):
    """Which interactions count as relevant."""

    positive_threshold: float
