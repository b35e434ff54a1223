"""Says what another policy would have shown at a logged position, from the candidates that were there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from components.config.routing import Diversity
from components.ranking.diversity import diversify
from components.recommenders.protocol import Ranking
from components.serving.bundle import Bundle


def shown_by(
    policy: Diversity, bundle: Bundle, candidates: Sequence[str], scores: Sequence[float], k: int
) -> tuple[str, ...]:
    """The ids of the at most `k` items that `policy` makes of the candidates, best first, without exploring.

    Candidates that the bundle does not know are left out.
    """
    row_of = bundle.items.row_of
    known = [place for place, item_id in enumerate(candidates) if item_id in row_of]
    ranking = Ranking(
        np.array([row_of[candidates[place]] for place in known], dtype=np.int32),
        np.array([scores[place] for place in known], dtype=np.float32),
    )
    labels, categories = bundle.content.item_labels, bundle.items.categories
    best = diversify(ranking, k, labels, categories, policy.strength, policy.max_per_category)
    return tuple(bundle.items.ids[row] for row in best.items.tolist())
