"""The ledger keeps its laws whatever happens in whatever order, on its own and in the event store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from sqlalchemy import event

from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.releases.history import read_history
from components.adapters.store.releases.release_store import SqlReleaseStore
from components.rollout.lease import LeaseLost
from components.rollout.ledger import Command
from components.rollout.states import FINAL, IllegalStep
from tests.components.rollout.ledger_machine import LedgerMachine
from tests.postgres import Postgres

FIXED = settings(
    derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False
)


class Killed(BaseException):
    """As if the process were killed in the midst of a write."""


class StoredLedgerMachine(LedgerMachine):
    """The ledger in the event store, beside the one on its own, which says what must come of each command."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.engine = open_engine(url)
        self.store = SqlReleaseStore(self.engine, lambda: self.now)
        self.cut_after: int | None = None
        self.statements_left: int | None = None
        event.listen(self.engine, "before_cursor_execute", self._count)
        if self.engine.dialect.name == "sqlite":  # the disk is not on trial, and waiting for it takes most of the time
            event.listen(self.engine, "connect", lambda db, _: db.execute("PRAGMA synchronous=OFF").close())

    @rule(statements=st.integers(0, 9))
    def the_next_write_is_cut_short(self, statements: int) -> None:
        self.cut_after = statements

    def ask(self, command: Command[Any]) -> Any:
        stored = self._ask_the_store(command)
        outcome = super().ask(command)
        assert stored == outcome
        return outcome

    @invariant()
    def the_store_says_the_same(self) -> None:
        names = set(self.ledger.releases)
        found = self.store.load(*names)
        if found.routing.version == 0:  # nobody has written yet
            return
        expected = self.ledger
        assert (found.routing, found.holder, found.running) == (expected.routing, expected.holder, expected.running)
        assert found.releases == expected.releases
        assert found.last_rollout_id == expected.last_rollout_id
        going_on = {name for name, record in expected.releases.items() if record.state not in FINAL}
        assert going_on <= set(self.store.load().releases)

    def teardown(self) -> None:
        try:
            super().teardown()
            rows = read_history(self.engine)["rollouts"]
            assert {row["rollout_id"]: row for row in rows} == {
                rollout_id: {**vars(rollout)} for rollout_id, rollout in self.ledger.rollouts.items()
            }
        finally:
            self.engine.dispose()

    def _ask_the_store(self, command: Command[Any]) -> Any:
        self.statements_left, self.cut_after = self.cut_after, None
        try:
            return self.store.commit(command)
        except (LeaseLost, IllegalStep) as error:
            return type(error)
        except Killed:
            self.the_store_says_the_same()
            return self._ask_the_store(command)
        finally:
            self.statements_left = None

    def _count(self, *_: Any) -> None:
        if self.statements_left == 0:
            self.statements_left = None
            raise Killed
        if self.statements_left is not None:
            self.statements_left -= 1


def test_the_ledger_keeps_its_laws() -> None:
    run_state_machine_as_test(LedgerMachine, settings=settings(FIXED, max_examples=150, stateful_step_count=30))


def test_the_event_store_keeps_the_ledger_as_it_is(tmp_path: Path) -> None:
    empty, file = tmp_path / "empty.db", tmp_path / "events.db"
    migrate(f"sqlite:///{empty}")

    def machine() -> StoredLedgerMachine:
        for each in tmp_path.glob("events.db*"):
            each.unlink()
        shutil.copy(empty, file)
        return StoredLedgerMachine(f"sqlite:///{file}")

    run_state_machine_as_test(machine, settings=settings(FIXED, max_examples=10, stateful_step_count=15))


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@pytest.mark.slow
def test_so_does_postgresql(postgres: Postgres) -> None:
    def machine() -> StoredLedgerMachine:
        url = postgres.new_database()
        migrate(url)
        return StoredLedgerMachine(url)

    run_state_machine_as_test(machine, settings=settings(FIXED, max_examples=8, stateful_step_count=15))
