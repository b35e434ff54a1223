"""Estimates from explored traffic what another policy of variety would have earned, beside the one that answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from components.adapters.store.traffic.exploration_log import OpenPosition, read_open_positions
from components.config.routing import Diversity
from components.experiments.counterfactual import Estimate, TooLittleSupport, estimate_value
from components.serving.bundle import Bundle
from components.serving.replay import shown_by
from jobs.errors import NothingThereError
from jobs.live_release import live_release
from jobs.wiring.workbench import Workbench

DAY = 86_400.0


@dataclass(frozen=True)
class JudgedPolicy:
    """Clicks per list and position under the live policy without chance, and under another one.

    Attributes:
        lists: with an open position.
        explored: of them, those where chance put another item than the policy would have.
        changed: lists in which the other policy shows another item at the open position.
    """

    lists: int
    users: int
    explored: int
    changed: int
    live: Estimate | TooLittleSupport
    other: Estimate | TooLittleSupport


def judge_policy(bench: Workbench, policy: Diversity, days: float, now: float) -> JudgedPolicy:
    """The estimate for `policy` on what the live release explored in the last `days`.

    Raises:
        NothingThereError: nothing is live, or nothing was explored.
    """
    live = live_release(bench)
    log = read_open_positions(bench.store.engine, now - days * DAY, now, live.release_id)
    if not log:
        raise NothingThereError(
            f"{live.release_id} has explored nothing in {days:g} days; set routing.exploration.share in params.yaml "
            "above 0, promote, and let users come"
        )
    return judge_log(log, live.read_bundle(), live.control.routing.diversity, policy)


def judge_log(log: Sequence[OpenPosition], bundle: Bundle, live: Diversity, other: Diversity) -> JudgedPolicy:
    """Both policies on the same open positions; a policy counts where it would have shown what was shown."""
    by_live, by_other = _placed(log, bundle, live), _placed(log, bundle, other)
    as_live, as_other = (
        np.array([float(item_id == row.item_id) for item_id, row in zip(placed, log, strict=True)])
        for placed in (by_live, by_other)
    )
    user = np.unique(np.array([row.user_id for row in log]), return_inverse=True)[1]
    reward = np.array([float(row.clicked) for row in log])
    propensity = np.array([row.propensity for row in log])
    return JudgedPolicy(
        lists=len(log),
        users=int(user.max()) + 1,
        explored=int((as_live == 0).sum()),
        changed=sum(one != another for one, another in zip(by_live, by_other, strict=True)),
        live=estimate_value(user, reward, propensity, as_live),
        other=estimate_value(user, reward, propensity, as_other),
    )


def _placed(log: Sequence[OpenPosition], bundle: Bundle, policy: Diversity) -> list[str | None]:
    """The item that the policy would have put at each open position, None where its list is shorter."""
    lists = (shown_by(policy, bundle, row.candidates, row.scores, row.k) for row in log)
    return [shown[row.position] if row.position < len(shown) else None for row, shown in zip(log, lists, strict=True)]
