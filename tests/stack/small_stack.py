"""A small stack: Envoy and two slots under supervisor, on free ports, with releases of a tiny world."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from bentos.build import build_bento
from components.adapters.files.params_file import read_params
from components.adapters.slots.bento_files import list_files
from components.adapters.store.engine import migrate
from components.config.promotion import Canary
from components.config.settings import Settings
from components.rollout.bring_up import Limits
from components.rollout.outcomes import Promoted, PromotionRefused
from components.rollout.promote import Build, Making, promote
from components.rollout.release import Release
from components.rollout.release_gate import ReleaseCheck
from components.rollout.routing import Slot
from components.rollout.states import State
from components.serving.bundle import read_bundle, record_expected_answers
from components.serving.expected_answers import expected_answers
from jobs.promotion.build import examine_release
from jobs.stack.environment import stack_environment
from jobs.stack.programs import programs
from jobs.wiring.workbench import Workbench
from tests.components.rollout.fake_world import make_release
from tests.free_ports import free_ports
from tests.worlds import make_bundle

PROJECT = Path(__file__).parents[2]
LIMITS = Limits(lease=3.0, ready=60.0, smoke=10.0)
PATIENT = Limits(lease=30.0, ready=300.0, smoke=60.0)
"""For machines that are busy with other work."""
QUICK = read_params(PROJECT / "params.yaml").promotion.canary.model_copy(
    update={"seconds_per_step": 0.4, "looks_per_step": 1}
)
"""A canary that is over in a second."""
USERS = [str(user) for user in range(1, 9)]


class SmallStack:
    """What a test needs to promote, kill and ask."""

    def __init__(
        self,
        home: Path,
        ports: Sequence[int] = (),
        make: Callable[[Path], Path] = make_bundle,
        limits: Limits = LIMITS,
    ) -> None:
        self.make = make
        self.limits = limits
        self.ports = list(ports) or free_ports(7)
        gateway, blue, green, mlflow, prefect, admin, console = self.ports
        self.settings = Settings(
            project=PROJECT,
            home=home,
            gateway_port=gateway,
            blue_port=blue,
            green_port=green,
            mlflow_port=mlflow,
            prefect_port=prefect,
            envoy_admin_port=admin,
            console_port=console,
        )
        self.params = read_params(PROJECT / "params.yaml")
        self.bench = Workbench(self.settings)
        self.supervisor = self.bench.supervisor
        migrate(self.settings.store_url)
        self.world = self.bench.world

    def start(self, *also: str) -> None:
        """Envoy and the slots, and further programs that are named."""
        self.bench.envoy.write_bootstrap()
        self.world.router.project(self.world.store.routing)
        wanted = [each for each in programs(self.bench) if each.name in ("envoy", "blue", "green", *also)]
        environment = stack_environment(self.settings)
        for name in ("gateway", "blue", "green", "mlflow", "prefect", "envoy_admin", "console"):
            environment[f"RECOPS_{name.upper()}_PORT"] = str(getattr(self.settings, f"{name}_port"))
        self.supervisor.start(wanted, environment)
        for name in also:
            self.supervisor.start_program(name)

    def build(self, release_id: str, parent_id: str | None) -> Release:
        folder = self.make(self.settings.root / "bundles" / release_id)
        answers = expected_answers(read_bundle(folder), self.params.routing, USERS, 10)
        record_expected_answers(folder, answers)
        release = make_release(release_id, parent_id)
        bento = build_bento(self.settings, {release.model_version: folder}, release)
        return replace(release, summary={**release.summary, "bento_md5": bento.md5})

    def rebuild(self, release_id: str, parent_id: str | None) -> Release:
        """A release like the one that was built first, copied in place of a build: cycles are to spend their time on
        starts and switches."""
        store = self.settings.root / "bentoml" / "bentos" / "recops"
        original = self.world.store.release("release-1")
        copy = store / release_id
        shutil.copytree(store / "release-1", copy, ignore=shutil.ignore_patterns("__pycache__"))
        served = copy / "src" / "release.json"
        served.write_text(served.read_text().replace("release-1", release_id))
        summary = {**original.summary, "bento_md5": list_files(copy)}
        return replace(make_release(release_id, parent_id), summary=summary)

    def examine(self, release: Release) -> tuple[ReleaseCheck, ...]:
        return examine_release(
            self.bench.bento_folder(release.bento_tag), self.params, release, (), time.time(), time.time()
        )

    def try_to_promote(self, build: Build | None = None, canary: Canary = QUICK) -> Promoted | PromotionRefused:
        making = Making(build or self.build, self.examine)
        return promote(self.world, making, "test", self.limits, canary, lambda _line: None)

    def promote(self, build: Build | None = None) -> Promoted:
        outcome = self.try_to_promote(build)
        assert isinstance(outcome, Promoted), outcome
        assert self.bench.envoy.wait_applied(self.world.store.routing().version, 5)
        return outcome

    def state_of(self, release_id: str) -> State:
        """Where the release stands."""
        return self.world.store.load(release_id).state_of(release_id)

    @property
    def live_slot(self) -> Slot:
        slot = self.bench.store.releases.routing().live_slot
        assert slot is not None
        return slot

    def listeners(self, slot: Slot) -> set[int]:
        """The processes that listen on the slot's port."""
        return self.listening(self.settings.slot_port(slot))

    @staticmethod
    def listening(port: int) -> set[int]:
        """The processes that listen on a port."""
        found = set()
        for process in psutil.process_iter():
            try:
                connections = process.net_connections("tcp")
            except psutil.Error:
                continue
            if any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections):
                found.add(process.pid)
        return found
