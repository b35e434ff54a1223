"""What was logged of an interleaved experiment: drafted lists, and whose items in them people clicked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.experiments.fixed_horizon import Values


@dataclass(frozen=True)
class InterleavedLog:
    """Users who were shown a drafted list, and those lists; columns of pairs are in the order of `variants`.

    Attributes:
        variants: both names, the control first.
        first_at: when each user was first shown one (seconds since 1970), (n_users,).
        release: that was live then, (n_users,).
        n_known: interactions that were known of them then, (n_users,).
        user: row of the user of each list, (n_lists,).
        began: who placed the first item on which the two differ, 0 or 1, or -1 where they agree throughout, (n_lists,).
        clicks: on items of either and on nobody's, (n_lists, 3); a second click on an item counts no more.
        latency_ms, cost_usd, failed: of each one's own ranking, (n_lists, 2).
    """

    variants: tuple[str, str]
    first_at: Values
    release: NDArray[np.str_]
    n_known: NDArray[np.int64]
    user: NDArray[np.int64]
    began: NDArray[np.int64]
    clicks: NDArray[np.int64]
    latency_ms: Values
    cost_usd: Values
    failed: Values

    def of_users(self, rows: NDArray[np.bool_]) -> InterleavedLog:
        """The log of some of the users, (n_users,)."""
        lists = rows[self.user]
        place = np.cumsum(rows) - 1
        return InterleavedLog(
            self.variants,
            self.first_at[rows],
            self.release[rows],
            self.n_known[rows],
            place[self.user[lists]],
            self.began[lists],
            self.clicks[lists],
            self.latency_ms[lists],
            self.cost_usd[lists],
            self.failed[lists],
        )
