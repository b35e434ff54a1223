"""The section `train` of params.yaml: which recommenders are trained, each an entry tagged by its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from pydantic import field_validator, model_validator

from components.config.section import Section
from components.recommenders.content import ContentConfig
from components.recommenders.protocol import RecommenderConfig
from components.recommenders.registry import RECOMMENDERS, Entry, entry_of

RANKING = "components.ranking"

if TYPE_CHECKING:
    TrainedEntry = RecommenderConfig
else:
    TrainedEntry = entry_of(RECOMMENDERS, RANKING)


class TrainConfig(Section):
    """What is trained.

    Attributes:
        recommender: is evaluated, and answers route `cf`; a kind alone stands for an entry with its defaults.
        fold_in: those that a bundle holds besides, to answer from what users did since training; one of a kind.
        content: answers from what users say.
        item_vectors_file: absolute path of an .npz with `item_ids` and `vectors`, in place of the embeddings that the
            data bring; give a changed one another name.
    """

    seed: int
    recommender: TrainedEntry
    fold_in: list[Entry]
    content: ContentConfig
    item_vectors_file: str | None

    @field_validator("recommender", mode="before")
    @classmethod
    def _a_kind_alone_is_an_entry(cls, given: Any) -> Any:
        return {"kind": given} if isinstance(given, str) else given

    @model_validator(mode="after")
    def _fold_in_has_one_of_a_kind(self) -> Self:
        kinds = [entry.kind for entry in self.fold_in]
        if twice := sorted({kind for kind in kinds if kinds.count(kind) > 1}):
            raise ValueError(f"fold_in has more than one entry of kind {', '.join(twice)}")
        return self
