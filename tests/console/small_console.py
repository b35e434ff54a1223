"""The console's app over a real store, with the world of promotions faked, and a browser that keeps cookies."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from starlette.testclient import TestClient

from components.access.roles import Role
from components.adapters.machine.own_site import OwnSite
from components.adapters.store.engine import migrate
from components.config.settings import Settings
from components.rollout.outcomes import Promoted
from components.rollout.promote import promote
from components.rollout.watch_canary import Clock
from console.__main__ import names_of
from console.app import make_app
from jobs.access.manage_keys import make
from jobs.wiring.workbench import Workbench
from tests.components.rollout.fake_world import CANARY, LIMITS, FakeWorld
from tests.free_ports import free_ports

PROJECT = Path(__file__).parents[2]
QUICK = CANARY.model_copy(update={"looks_per_step": 1, "seconds_per_step": 0.5})


@cache
def empty_store() -> bytes:
    """The file of a store with the newest schema and nothing in it, made once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "events.db"
        migrate(f"sqlite:///{path}")
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.read_bytes()


class SmallConsole:
    """What a test of a page needs: a browser at the gateway's address, and what stands behind the pages.

    Ports of MLflow, Prefect and the slots are such that nobody listens on, so what has to ask them says that they are
    away.
    """

    def __init__(self, folder: Path, keys: str = "off") -> None:
        (folder / "events.db").write_bytes(empty_store())
        mlflow, prefect, blue, green = free_ports(4)
        self.fake = FakeWorld(folder)
        self.settings = Settings(
            project=PROJECT,
            home=folder,
            keys=keys,  # type: ignore[arg-type]
            mlflow_port=mlflow,
            prefect_port=prefect,
            blue_port=blue,
            green_port=green,
        )
        self.bench = Workbench(self.settings)
        self.bench.world = self.fake.world
        self.now = time.time()
        self.fake.clock.now = self.now - 7200
        self.pages = make_app(self.bench, lambda: self.now)
        self.app = OwnSite(self.pages, names_of(self.settings))
        origin = f"http://127.0.0.1:{self.settings.gateway_port}"
        self.browser = TestClient(
            self.app, base_url=origin, headers={"origin": origin}, follow_redirects=False, raise_server_exceptions=True
        )

    def close(self) -> None:
        """Lets go of the store."""
        self.browser.close()
        self.bench.close()

    def promote(self, expected: bool = True) -> None:
        """One more release is tried a minute later, and goes live where that is `expected`."""
        self.fake.clock.sleep(60)
        clock = Clock(self.fake.clock, self.fake.clock.sleep)
        outcome = promote(
            self.fake.world, self.fake.making, "promote (calm-otter)", LIMITS, QUICK, lambda _line: None, clock
        )
        assert isinstance(outcome, Promoted) is expected, outcome

    def get(self, path: str) -> httpx.Response:
        """A page, which must be there."""
        reply: httpx.Response = self.browser.get(path)
        assert reply.status_code == 200, (reply.status_code, path, reply.text[:300])
        return reply

    def text(self, path: str) -> str:
        """What a page says, without its markup."""
        body = self.get(path).text
        body = re.sub(r"(?s)<(script|style).*?</\1>", "", body)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))

    def key(self, role: Role) -> str:
        """The text of a new key."""
        return make(self.bench, f"my {role}", role, None, self.now, "test").text

    def sign_in(self, role: Role) -> httpx.Response:
        """Signs in with a new key of this role."""
        reply: httpx.Response = self.browser.post("/console/sign-in", data={"key": self.key(role), "next": "/console"})
        return reply
