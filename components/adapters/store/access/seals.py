"""Keeps the seals of bundles in the event store, which MLflow's server does not write."""

from __future__ import annotations

from dataclasses import asdict

from sqlalchemy import Engine, delete, insert, select

from components.access.bundle_seal import BundleSeal
from components.adapters.store.engine import reading
from components.adapters.store.tables import bundle_seals


class SqlSeals:
    """The seals in an event store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, bundle_md5: str) -> BundleSeal | None:
        """The seal of a bundle; None where it has none."""
        wanted = select(bundle_seals).where(bundle_seals.c.bundle_md5 == bundle_md5)
        with reading(self._engine) as db:
            row = db.execute(wanted).mappings().one_or_none()
        return None if row is None else BundleSeal(**row)

    def put(self, seal: BundleSeal) -> None:
        """Keeps a seal in place of any former one of the same bundle."""
        with self._engine.begin() as db:
            db.execute(delete(bundle_seals).where(bundle_seals.c.bundle_md5 == seal.bundle_md5))
            db.execute(insert(bundle_seals).values(**asdict(seal)))
