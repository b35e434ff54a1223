"""Makes slots, gateway and aliases match the event store, which is the truth about releases."""

from __future__ import annotations

from collections.abc import Callable

from components.rollout.reconcile import reconcile
from components.rollout.routing import RoutingState
from jobs.promotion.limits import limits_of
from jobs.wiring.workbench import Workbench


def put_in_order(bench: Workbench, report: Callable[[str], None]) -> RoutingState:
    """Reconciles; returns what the store says then.

    Raises:
        NothingThereError: there is no event store yet.
        LeaseLost, StepFailed: as components.rollout.reconcile.reconcile does.
    """
    limits = limits_of(bench.params.promotion)
    return reconcile(bench.world, limits.lease, limits.ready, report)
