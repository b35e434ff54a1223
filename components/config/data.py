"""The section `data` of params.yaml: which data version is learnt from."""

from __future__ import annotations

from components.config.section import Section


class DataConfig(Section):
    """`version` is a tag of the data registry, such as data-v7."""

    version: str
