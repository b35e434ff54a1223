"""Keeps a promotion's lease alive from a thread, as long as its process runs."""

from __future__ import annotations

import threading
from types import TracebackType

from components.rollout.lease import Lease, LeaseLost
from components.rollout.lease_commands import Renew
from components.rollout.ports import ReleaseStore


class LeaseKeeper:
    """Renews the lease three times per its length. A paused or dead process renews nothing, so others may take over."""

    def __init__(self, store: ReleaseStore, lease: Lease, lease_seconds: float) -> None:
        self._store = store
        self._lease = lease
        self._seconds = lease_seconds
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease-keeper", daemon=True)

    def __enter__(self) -> LeaseKeeper:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._done.wait(self._seconds / 3):
            try:
                self._store.commit(Renew(self._lease, self._seconds))
            except LeaseLost:
                return  # the promotion finds out at its own next step
            except Exception:  # noqa: S112 - the store is busy or away: the next beat tries again, each step checks for itself
                continue
