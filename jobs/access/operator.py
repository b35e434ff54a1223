"""Decides whether a command may change things, and notes in the audit log who did, or tried."""

from __future__ import annotations

import getpass
import time
from collections.abc import Mapping
from typing import Any

from components.access.api_keys import ApiKey, parse_key
from components.config.settings import Settings
from jobs.wiring.workbench import Workbench


class OperatorNeeded(Exception):
    """Somebody who may not asked for it; the message says what they lack."""


def act_as_operator(bench: Workbench, action: str, details: Mapping[str, Any], first: bool = False) -> str:
    """Who does it, as the log has it by now: the user of this machine, with the operator's key they showed.

    A key is needed where keys are on, and wherever the store holds a good operator's key, whatever the environment
    says.

    Args:
        first: may be done while there is no operator's key yet.

    Raises:
        OperatorNeeded: no good operator's key was shown; the log holds that too.
    """
    now, user = time.time(), getpass.getuser()
    good = {key.key_id: key for key in bench.store.keys.all() if key.role == "operator" and key.is_good(now)}
    if not good and (first or not bench.settings.keys_on):
        bench.store.audit.note(now, user, action, details)
        return user
    shown = _shown(bench.settings, good)
    if shown is None:
        bench.store.audit.note(now, user, f"refused: {action}", details)
        how = "set RECOPS_OPERATOR_KEY to one" if good else "make one: `recops keys make NAME --role operator`"
        raise OperatorNeeded(f"this needs the key of an operator; {how}")
    by = f"{user} with key {shown.name[:40]} ({shown.key_id})"
    bench.store.keys.used({shown.key_id: now})
    bench.store.audit.note(now, by, action, details)
    return by


def _shown(settings: Settings, good: Mapping[str, ApiKey]) -> ApiKey | None:
    given = settings.operator_key
    parsed = None if given is None else parse_key(given.get_secret_value().strip())
    key = None if parsed is None else good.get(parsed[0])
    return key if parsed is not None and key is not None and key.is_opened_by(parsed[1]) else None
