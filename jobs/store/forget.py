"""Deletes a user from the store and the caches, and keeps them out of later data versions."""

from __future__ import annotations

from components.adapters.slots.kept_answers import forget_kept_answers
from components.adapters.store.forgetting import forget_user
from components.rollout.routing import SLOTS
from jobs.wiring.workbench import Workbench


def forget(bench: Workbench, user_id: str, by: str, now: float) -> dict[str, int]:
    """Rows that are gone, by table, and how many `kept_answers`.

    Raises:
        NotForgotten: the store has forgotten, but a cache may still hold answers.
    """
    deleted = forget_user(bench.store.engine, user_id, now, by)
    urls = [url for slot in SLOTS for url in bench.settings.slot_urls(slot)]
    return {**deleted, "kept_answers": forget_kept_answers(bench.settings, urls, user_id)}
