"""The section `data` of params.yaml: which data version is learnt from, and what of an earlier run is kept."""

from __future__ import annotations

from components.config.section import Section


class DataConfig(Section):
    """`version` is a tag of the data registry, such as data-v7.

    `choice_of` names the run whose choice and ranker a pipeline keeps instead of choosing and learning anew.
    """

    version: str
    choice_of: str | None
