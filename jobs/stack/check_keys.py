"""Refuses to open the stack to other machines without keys, and says whether keys are on."""

from __future__ import annotations

import time

from components.config.settings import SettingsError
from jobs.wiring.workbench import Workbench


def check_keys(bench: Workbench) -> str:
    """A line that says whether keys are on; the store has its schema.

    Raises:
        SettingsError: something would listen beyond this machine and take everybody.
    """
    settings = bench.settings
    if not settings.keys_on:
        if settings.is_local:
            return f"keys: off, as everything listens on {settings.host} alone (RECOPS_KEYS=on asks for them)"
        raise SettingsError(f"RECOPS_KEYS=off: {settings.host} is beyond this machine, where keys are needed")
    good = [key for key in bench.store.keys.all() if key.is_good(time.time())]
    if not good:
        raise SettingsError("keys are on and there is none: nobody could ask. Make one: `recops keys make shop`")
    return f"keys: on, {len(good)} good"
