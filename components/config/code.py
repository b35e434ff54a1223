"""The section `code` of params.yaml: what stands for the code of the stages."""

from __future__ import annotations

from components.config.section import Section


class CodeConfig(Section):
    """`digest` stands for the code of the stages, so that changed code runs again."""

    digest: str
