"""Switches items off and on by hand."""

from __future__ import annotations

from collections.abc import Sequence

from components.adapters.store.catalogue.items_off import SwitchedOff
from jobs.errors import NothingThereError
from jobs.live_release import live_release
from jobs.wiring.workbench import Workbench


class PastMoment(Exception):
    """Items cannot be off until a moment that is over."""


def switch_off(
    bench: Workbench, item_ids: Sequence[str], until: float | None, reason: str, now: float, by: str
) -> list[str]:
    """Switches items off, in all slots within seconds; those that the live release does not know, which are off too.

    Raises:
        PastMoment: `until` is over.
    """
    if until is not None and until <= now:
        raise PastMoment("--until is over: give a moment to come, or leave it out")
    some = list(dict.fromkeys(item_ids))
    bench.store.items_off.switch_off([SwitchedOff(each, now, until, reason[:256], by[:128]) for each in some])
    try:
        known = live_release(bench).items.row_of
    except NothingThereError:
        return []
    return [each for each in some if each not in known]


def switch_on(bench: Workbench, item_ids: Sequence[str]) -> int:
    """Takes it back; how many of them were off by hand."""
    return bench.store.items_off.switch_on(list(dict.fromkeys(item_ids)))
