"""Opens a saved recommender of any form, without the library that trained it."""

from __future__ import annotations

from pathlib import Path

from components.recommenders.again import FittedAgain
from components.recommenders.array_folder import HEADER, read_header
from components.recommenders.content import FittedContent
from components.recommenders.factors import FittedFactors
from components.recommenders.item_weights import FittedItemWeights
from components.recommenders.neighbouring_users import FittedNeighbours
from components.recommenders.popularity import FittedPopularity
from components.recommenders.protocol import FittedRecommender, RecommenderError
from components.recommenders.ranked_lists import FittedRankedLists
from components.recommenders.sequences import FittedSequences

FORMS: dict[str, type[FittedRecommender]] = {
    FittedAgain.form: FittedAgain,
    FittedContent.form: FittedContent,
    FittedFactors.form: FittedFactors,
    FittedItemWeights.form: FittedItemWeights,
    FittedNeighbours.form: FittedNeighbours,
    FittedPopularity.form: FittedPopularity,
    FittedRankedLists.form: FittedRankedLists,
    FittedSequences.form: FittedSequences,
}


def load_recommender(folder: Path) -> FittedRecommender:
    """The recommender saved in `folder`.

    Raises:
        RecommenderError: a file is missing or broken, or the form is unknown.
    """
    form = read_header(folder).get("form")
    if form not in FORMS:
        raise RecommenderError(f"{folder / HEADER}: unknown form {form!r}; known are {', '.join(sorted(FORMS))}")
    return FORMS[form].load(folder)
