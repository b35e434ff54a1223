"""What was logged of an experiment, and its sums per user: the unit in which everything is compared."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.experiments.cuped import totals_before_assignment
from components.experiments.fixed_horizon import Values
from components.metrics.ranking import ndcg

SESSION_GAP_SECONDS = 1800.0
"""A user who does nothing for so long has ended their session."""
DEPTH = 10
"""Of NDCG: positions of a list that count."""


@dataclass(frozen=True)
class ExperimentLog:
    """Users with an exposure, their requests and what they did; times are seconds since 1970.

    Attributes:
        variants: names, the control first.
        variant: row in `variants` of each user, (n_users,).
        first_at: when they were first exposed, (n_users,).
        release: that was live then, (n_users,).
        n_known: interactions that were known of them then, (n_users,).
        request_user: row of the user, (n_requests,); before their exposure as well.
        request_at, latency_ms, cost_usd: (n_requests,).
        failed: degraded, or by another route than intended, (n_requests,).
        shown: items in the list, (n_requests,).
        inside: whether the request is one of the experiment, answered by the user's own variant, (n_requests,).
        event_user: (n_events,).
        event_at, event_value: value NaN where there is none, (n_events,).
        event_type: click, purchase, …, (n_events,).
        event_request: row of the request that it names, -1 for none, (n_events,).
        event_position: of the item in that list, from 0, -1 where it was not shown, (n_events,).
        switched: users who were answered by more than one variant.
    """

    variants: tuple[str, ...]
    variant: NDArray[np.int64]
    first_at: Values
    release: NDArray[np.str_]
    n_known: NDArray[np.int64]
    request_user: NDArray[np.int64]
    request_at: Values
    latency_ms: Values
    cost_usd: Values
    failed: NDArray[np.bool_]
    shown: NDArray[np.int64]
    inside: NDArray[np.bool_]
    event_user: NDArray[np.int64]
    event_at: Values
    event_value: Values
    event_type: NDArray[np.str_]
    event_request: NDArray[np.int64]
    event_position: NDArray[np.int64]
    switched: int = 0


@dataclass(frozen=True)
class UserTotals:
    """One number per user and kind, (n_users,), all since their first exposure but the covariates.

    Attributes:
        ndcg: sum over lists of NDCG@10 of what was clicked in them; a list without a click counts 0.
        hits: lists with a click.
        actions: requests and events.
        before: covariates from before exposure, (n_users, n_covariates), NaN where there is nothing: requests, clicks,
            how much was known, and which release was live.
    """

    requests: Values
    impressions: Values
    clicks: Values
    ndcg: Values
    hits: Values
    buyers: Values
    revenue: Values
    sessions: Values
    actions: Values
    latency_ms: Values
    cost_usd: Values
    failed: Values
    before: Values


def total_by_user(log: ExperimentLog) -> UserTotals:
    """The sums. An event counts if it names a request of the experiment, or none and came after the exposure."""
    users = len(log.variant)

    def summed(rows: NDArray[np.int64], amounts: NDArray[np.generic] | None = None) -> Values:
        weights = None if amounts is None else amounts.astype(np.float64)
        return np.bincount(rows, weights, minlength=users).astype(np.float64)

    lists = log.request_user[log.inside]
    named = log.event_request >= 0
    of_experiment = np.zeros(len(log.event_user), dtype=np.bool_)
    of_experiment[named] = log.inside[log.event_request[named]]
    of_experiment[~named] = log.event_at[~named] >= log.first_at[log.event_user[~named]]
    bought = of_experiment & (log.event_type == "purchase")
    clicks, gains = _clicks_by_request(log, of_experiment)
    sessions, actions = _sessions(log, of_experiment)
    return UserTotals(
        requests=summed(lists),
        impressions=summed(lists, log.shown[log.inside]),
        clicks=summed(log.request_user, clicks),
        ndcg=summed(log.request_user, gains),
        hits=summed(log.request_user, clicks > 0),
        buyers=(summed(log.event_user[bought]) > 0).astype(np.float64),
        revenue=summed(log.event_user[bought], np.nan_to_num(log.event_value[bought])),
        sessions=sessions,
        actions=actions,
        latency_ms=summed(lists, log.latency_ms[log.inside]),
        cost_usd=summed(lists, log.cost_usd[log.inside]),
        failed=summed(lists, log.failed[log.inside]),
        before=_covariates(log),
    )


def _clicks_by_request(log: ExperimentLog, of_experiment: NDArray[np.bool_]) -> tuple[Values, Values]:
    """Items clicked in each list, and its NDCG, (n_requests,); a second click on an item counts no more."""
    clicked = of_experiment & (log.event_type == "click") & (log.event_position >= 0)
    places = np.unique(np.stack([log.event_request[clicked], log.event_position[clicked]]), axis=1)
    rows, positions = places[0], places[1]
    clicks = np.bincount(rows, minlength=len(log.request_user)).astype(np.float64)
    hits = np.zeros((len(log.request_user), DEPTH), dtype=np.bool_)
    near = positions < DEPTH
    hits[rows[near], positions[near]] = True
    return clicks, np.nan_to_num(ndcg(hits, clicks.astype(np.int64)))


def _sessions(log: ExperimentLog, of_experiment: NDArray[np.bool_]) -> tuple[Values, Values]:
    """Sessions of each user, and actions in all of them together."""
    users = len(log.variant)
    who = np.concatenate([log.request_user[log.inside], log.event_user[of_experiment]])
    at = np.concatenate([log.request_at[log.inside], log.event_at[of_experiment]])
    order = np.lexsort((at, who))
    who, at = who[order], at[order]
    begins = np.ones(len(who), dtype=np.bool_)
    begins[1:] = (who[1:] != who[:-1]) | (np.diff(at) > SESSION_GAP_SECONDS)
    counted = (np.bincount(rows, minlength=users).astype(np.float64) for rows in (who[begins], who))
    sessions, actions = counted
    return sessions, actions


def _covariates(log: ExperimentLog) -> Values:
    assigned_at = _moments(log.first_at)
    requests = totals_before_assignment(
        log.request_user, _moments(log.request_at), np.ones(len(log.request_user)), assigned_at
    )
    clicked = log.event_type == "click"
    clicks = totals_before_assignment(
        log.event_user[clicked], _moments(log.event_at[clicked]), np.ones(int(clicked.sum())), assigned_at
    )
    clicks = np.where(np.isnan(requests), np.nan, np.nan_to_num(clicks))  # who asked and clicked nothing has 0
    releases, counts = np.unique(log.release, return_counts=True)
    others = [release for release in releases if release != releases[counts.argmax()]] if len(releases) else []
    indicators = [(log.release == release).astype(np.float64) for release in others]
    return np.column_stack([requests, clicks, np.log1p(log.n_known), *indicators])


def _moments(seconds: Values) -> NDArray[np.datetime64]:
    return (seconds * 1e6).astype(np.int64).astype("datetime64[us]")
