"""Removes a user from the event store, and keeps a tombstone, so that no later data version has them either."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, Engine, delete, inspect, select, union, update

from components.adapters.store.engine import reading
from components.adapters.store.fast_inserts import insert_ignoring
from components.adapters.store.tables import (
    conversations,
    exposures,
    feedback,
    forgotten_users,
    impressions,
    llm_calls,
    requests,
    shadow_results,
)
from components.interactions.composing import user_digest


def forget_user(engine: Engine, user_id: str, at: float, by: str) -> dict[str, int]:
    """Deletes every row about the user in one transaction, and leaves a tombstone of the moment `at`.

    Results of prompts whose request is gone may be the user's, so they all go. Returns the number of rows deleted by
    table; forgetting somebody again moves the tombstone.
    """
    with engine.begin() as db:
        deleted = delete_user(db, user_id)
        deleted[shadow_results.name] += delete_orphans(db)
        row = {"user_digest": user_digest(user_id), "forgotten_at": at, "by": by}
        db.execute(insert_ignoring(db.dialect.name, forgotten_users, ["user_digest"]).values(row))
        db.execute(update(forgotten_users).where(forgotten_users.c.user_digest == row["user_digest"]).values(row))
    return deleted


def delete_user(db: Connection, user_id: str) -> dict[str, int]:
    """Deletes every row about the user within a transaction; rows by table."""
    asked = select(requests.c.request_id).where(requests.c.user_id == user_id)
    shown = select(impressions.c.request_id).where(impressions.c.user_id == user_id)
    deleted = {}
    for table in (llm_calls, shadow_results):  # know the user by the request alone, so they go first
        of_user = table.c.request_id.in_(asked) | table.c.request_id.in_(shown)
        deleted[table.name] = db.execute(delete(table).where(of_user)).rowcount
    for table in (feedback, impressions, exposures, requests, conversations):
        deleted[table.name] = db.execute(delete(table).where(table.c.user_id == user_id)).rowcount
    return deleted


def delete_orphans(db: Connection, limit: int | None = None) -> int:
    """Deletes results of prompts, for `limit` requests, that lead to nobody because their request is gone."""
    known = select(requests.c.request_id).union(select(impressions.c.request_id))
    gone = select(shadow_results.c.request_id).where(shadow_results.c.request_id.not_in(known)).distinct().limit(limit)
    ids = db.execute(gone).scalars().all()
    count = 0
    for start in range(0, len(ids), 500):
        where = shadow_results.c.request_id.in_(ids[start : start + 500])
        count += db.execute(delete(shadow_results).where(where)).rowcount
    return count


def read_forgotten(engine: Engine) -> dict[str, float]:
    """When users were forgotten, by the digest of their id; a store without tables has forgotten nobody."""
    with reading(engine) as db:
        if not inspect(db).has_table(forgotten_users.name):
            return {}
        rows = db.execute(select(forgotten_users.c.user_digest, forgotten_users.c.forgotten_at))
        return {row.user_digest: row.forgotten_at for row in rows}


def bury_again(db: Connection, forgotten: Mapping[str, float]) -> None:
    """Within a transaction: deletes the users of these tombstones, and keeps the tombstones; for restored backups."""
    if not forgotten:
        return
    users = union(*(select(table.c.user_id) for table in (feedback, impressions, exposures, requests, conversations)))
    for user_id in db.execute(users).scalars().all():
        if user_digest(user_id) in forgotten:
            delete_user(db, user_id)
    rows = [{"user_digest": digest, "forgotten_at": at, "by": "restore"} for digest, at in forgotten.items()]
    db.execute(insert_ignoring(db.dialect.name, forgotten_users, ["user_digest"]), rows)
