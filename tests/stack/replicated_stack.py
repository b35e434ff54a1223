"""Two replicas a slot on PostgreSQL (events, MLflow), Redis (answers, limits) and S3 (models), all from wheels."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import psutil
from pydantic import SecretStr

from components.adapters.dvc.folder_md5 import dvc_folder_md5
from components.adapters.dvc.pipeline_repository import PipelineRun
from components.adapters.machine.git_state import commit_of
from components.adapters.mlflow.run import TrainingRecord
from components.config.settings import Settings
from components.params.params import Params
from components.rollout.outcomes import Promoted, PromotionRefused
from components.rollout.routing import SLOTS, Slot
from components.serving.bundle import read_bundle, record_expected_answers
from components.serving.expected_answers import expected_answers
from jobs.access.seal_bundles import seal_bundle
from jobs.promotion.plan import make_plan
from jobs.promotion.promote import AlreadyLive, roll_out
from jobs.stack.environment import NO_TELEMETRY, stack_mark
from jobs.wiring.workbench import Workbench
from tests.postgres import Postgres
from tests.redis_server import RedisServer, new_redis_server
from tests.s3_server import S3Server
from tests.stack.followed_stack import FollowedStack
from tests.stack.recorded_load import Active, RecordingRouter
from tests.stack.small_stack import PROJECT, USERS

BUCKET = "recops"
START_SECONDS = 900.0
"""Machines may be busy with other work."""


@dataclass(frozen=True)
class Servers:
    """What the stack stands on."""

    postgres: Postgres
    redis: RedisServer
    s3: S3Server

    def processes(self) -> dict[str, int]:
        """The process of each, by name."""
        assert self.redis.process is not None
        assert self.s3.process is not None
        return {"postgres": self.postgres.pid, "redis": self.redis.process.pid, "s3": self.s3.process.pid}


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Each on loopback or a socket of its own; with them ends all that they kept."""
    postgres, redis, s3 = Postgres(), new_redis_server(), S3Server(folder / "s3")
    try:
        s3.start()
        yield Servers(postgres, redis, s3)
    finally:
        s3.stop(2.0)
        redis.kill()
        postgres.stop()


class ReplicatedStack(FollowedStack):
    """Promotes what is registered in MLflow, with the code of the flow `promote`, in a process of its own."""

    def __init__(self, home: Path, on: Servers, make: Callable[[Path], Path], replicas: int = 2) -> None:
        shared = {
            "event_store_url": SecretStr(on.postgres.new_database()),
            "cache_url": SecretStr(on.redis.url),
        }
        super().__init__(home, replicas, shared, make)
        self.on = on
        promotion = self.params.promotion
        gate = promotion.gate.model_copy(update={"max_data_age_days": None, "start_timeout_seconds": START_SECONDS})
        patient = {"gate": gate, "lease_seconds": 60.0, "ready_timeout_seconds": START_SECONDS}
        patient |= {"smoke_timeout_seconds": 60.0, "keep_releases": 100}
        self.params = self.params.model_copy(update={"promotion": promotion.model_copy(update=patient)})
        self.bench = Workbench(self.settings, self.params)
        self.world = self.bench.world
        self.mlflow: subprocess.Popen[bytes] | None = None
        self.versions: list[Active] = []

    def start(self, *also: str) -> None:
        """MLflow too; returns when it answers."""
        super().start(*also)
        root, s = self.settings.root, self.settings
        environment = {**os.environ, **NO_TELEMETRY, **self.on.s3.environment, "RECOPS_STACK": stack_mark(s)}
        environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
        make_bucket = [sys.executable, str(PROJECT / "deploy" / "make_bucket.py"), BUCKET]
        subprocess.run(make_bucket, env=environment, check=True)
        store = self.on.postgres.new_database().replace("postgresql://", "postgresql+psycopg://")
        command = [
            *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
            *("--host", s.host, "--port", str(s.mlflow_port)),
            *("--backend-store-uri", store, "--artifacts-destination", f"s3://{BUCKET}/mlflow"),
        ]
        with (root / "mlflow.log").open("wb") as log:
            self.mlflow = subprocess.Popen(command, cwd=root, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"{s.mlflow_url}/health"):
            assert time.monotonic() < deadline, f"MLflow does not answer; see {root / 'mlflow.log'}"
            time.sleep(0.5)

    def register(self, name: str, make: Callable[[Path], Path]) -> int:
        """Seals and registers what `make` writes, as the flow `retrain` does after its gate; the version."""
        bundle = make(self.settings.root / "made" / name / "bundle")  # by which MLflow names the artifact
        record_expected_answers(bundle, expected_answers(read_bundle(bundle), self.params.routing, USERS, 10))
        pictures = self.settings.root / "pictures"
        pictures.mkdir(exist_ok=True)
        run = PipelineRun(name, "0" * 40, self.params, {}, {}, dvc_folder_md5(bundle), "stages: {}\n")
        seal_bundle(self.bench, run.bundle_md5, bundle)
        record = TrainingRecord(run, bundle, pictures, commit_of(PROJECT, None), "none", f"{'0' * 32}.dir")
        made = self.bench.models.register(record)
        self.bench.models.set_tags(made.version, {"gate": "passed"})
        return made.version

    def promote_version(self, version: int) -> Promoted | PromotionRefused | AlreadyLive:
        """How the promotion of a registered version ended; the routings that it wrote are kept in `versions`."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_promote, args=(self.settings, self.params, version, there))
        process.start()
        there.close()
        try:
            outcome, versions = here.recv()
        except EOFError:
            outcome, versions = PromotionRefused("its process ended without a word"), []
        process.join()
        self.versions += versions
        return outcome  # type: ignore[no-any-return]

    def kill_replica(self, slot: Slot, number: int) -> None:
        """SIGKILL to whatever listens on its port; its follower starts it anew."""
        for pid in self.listening(self.replicas[slot][number]):
            psutil.Process(pid).kill()

    def families(self) -> dict[str, list[psutil.Process]]:
        """All processes of each part that serves, by name; gone ones are left out."""
        parts = {
            f"{slot}-{n}": self.followers[port].pid for slot in SLOTS for n, port in enumerate(self.replicas[slot])
        }
        parts["envoy"] = self.supervisor.state_of("envoy").pid
        parts |= self.on.processes()
        found = {}
        for name, pid in parts.items():
            try:
                parent = psutil.Process(pid)
                found[name] = [parent, *parent.children(recursive=True)]
            except psutil.NoSuchProcess:
                continue
        return found

    def stop(self) -> None:
        if self.mlflow is not None:
            self.mlflow.terminate()
        super().stop()
        if self.mlflow is not None:
            self.mlflow.wait(30)


def _promote(settings: Settings, params: Params, version: int, pipe: Connection) -> None:
    """Sends how it ended, and the routings that it wrote."""
    with Workbench(settings, params) as bench:
        endpoints = {slot: settings.slot_endpoints(slot) for slot in SLOTS}
        router = RecordingRouter(
            settings.root / "envoy",
            settings.host,
            settings.gateway_port,
            settings.envoy_admin_port,
            endpoints,  # type: ignore[arg-type]
            console=settings.console_address(),
        ).remember()
        bench.world = replace(bench.world, router=router)
        plan = make_plan(bench, params, version)
        outcome = plan if isinstance(plan, PromotionRefused) else roll_out(bench, plan, "benchmark", _say)
        pipe.send((outcome, router.versions))


def _say(line: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0).status_code == 200
    except httpx.HTTPError:
        return False
