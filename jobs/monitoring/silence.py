"""Silences a rule for a while, or ends that."""

from __future__ import annotations

import re

from components.adapters.store.alerts.silences import Silence
from jobs.wiring.workbench import Workbench
from monitoring.rules.table import read_rules

UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0}


class SilenceError(Exception):
    """What was asked for is no silence; the message says what one is."""


def silence_rule(bench: Workbench, rule: str, length: str, why: str, by: str, now: float) -> Silence:
    """Silence the rule from now on; `length` is such as 30m, 2h or 1d.

    Raises:
        SilenceError: there is no such rule, or the length is not understood, or too long.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", length)
    if found is None:
        raise SilenceError(f"--for {length!r} is not understood; write 30m, 2h or 1d")
    made = Silence(_known(rule), now, now + float(found[1]) * UNITS[found[2]], why, by)
    try:
        bench.store.silences.add(made)
    except ValueError as error:
        raise SilenceError(str(error)) from error
    return made


def lift_silence(bench: Workbench, rule: str, now: float) -> bool:
    """End it; False where the rule was not silenced. Raises SilenceError for an unknown rule."""
    return bench.store.silences.lift(_known(rule), now)


def _known(rule: str) -> str:
    names = [each.name for each in read_rules()]
    if rule not in names:
        raise SilenceError(f"there is no rule {rule!r}; there are {', '.join(names)}")
    return rule
