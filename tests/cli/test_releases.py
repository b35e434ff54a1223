"""`recops releases` on a history of ten promotions and two rollbacks, made by the real store."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.releases import releases
from components.adapters.store.engine import open_engine
from components.adapters.store.releases.history import read_history
from components.config.settings import Settings
from components.rollout.outcomes import Promoted, PromotionRefused, RolledBack
from components.rollout.promote import promote
from components.rollout.rollback import Cause, roll_back, roll_back_to, tidy_up
from components.rollout.watch_canary import Clock
from jobs.promotion.history import describe_history
from jobs.promotion.retention import prune
from jobs.wiring.workbench import Workbench
from tests.components.rollout.fake_world import CANARY, LIMITS, FakeWorld, make_arm

QUICK = CANARY.model_copy(update={"looks_per_step": 1, "seconds_per_step": 0.5})
WHY = Cause("ann (recops rollback)", "clicks look odd")


def quiet(_line: str) -> None:
    """Nobody listens."""


def run(fake: FakeWorld) -> Promoted | PromotionRefused:
    fake.clock.sleep(3600)
    clock = Clock(fake.clock, fake.clock.sleep)
    return promote(fake.world, fake.making, "promote (calm-otter)", LIMITS, QUICK, quiet, clock)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Release-4 was too slow, release-6 failed its smoke test; the rollbacks are rollouts 9 and 12."""
    folder = tmp_path_factory.mktemp("home")
    fake = FakeWorld(folder)
    for number in range(1, 9):
        if number == 4:
            fake.traffic.arms = {
                "release-3": make_arm(900),
                "release-4": make_arm(300, milliseconds=np.full(300, 90.0)),
            }
        if number == 6:
            fake.slots.fail_at = "smoke_test"
        assert isinstance(run(fake), PromotionRefused if number in (4, 6) else Promoted)
        fake.traffic.arms = {}
    outcome = roll_back(fake.world, WHY, LIMITS, quiet)
    tidy_up(fake.world, outcome, WHY, LIMITS, quiet)
    assert outcome == RolledBack("release-8", "release-7")
    for _ in range(2):
        assert isinstance(run(fake), Promoted)
    assert isinstance(roll_back_to(fake.world, "release-3", WHY, LIMITS, quiet), RolledBack)
    for number in range(1, 12):
        (folder / "bentoml" / "bentos" / "recops" / f"release-{number}").mkdir(parents=True)
    return folder


@pytest.fixture
def recops(home: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setenv("RECOPS_HOME", str(home))
    return CliRunner()


def printed(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return " ".join(result.output.replace("│", " ").split())


def test_the_table_reads_as_a_story(recops: CliRunner) -> None:
    text = printed(recops.invoke(releases, []))
    for sentence in (
        "release-1 went live in blue, the first",
        "release-4 rejected, canary 5 %: canary at 5 % of the users",
        "release-6 failed: smoke_test was told to fail; release-5 stayed live",
        "back to release-7 from release-8: clicks look odd",
        "back to release-3 from release-11: clicks look odd",
    ):
        assert sentence in text


def test_one_release_tells_its_gates_canary_and_times(recops: CliRunner) -> None:
    text = printed(recops.invoke(releases, ["show", "release-4"]))
    for part in (
        "rejected",
        "never",
        "release-3",
        "gate ✓ every file is as it was built",
        "canary 5 % ✗",
        "p95 90.0 ms",
    ):
        assert part in text
    assert "is not in the store" not in text
    values = json.loads(recops.invoke(releases, ["show", "release-3", "--json"]).output)
    assert (values["state"], values["parent_id"], values["bento_there"]) == ("live", "release-2", True)
    assert [state["state"] for state in values["states"]].count("live") == 2


def test_an_unknown_release_is_told(recops: CliRunner) -> None:
    result = recops.invoke(releases, ["show", "release-99"])
    assert result.exit_code == 1
    assert "no release 'release-99'; `recops releases` lists them" in result.output


def test_everything_as_json(recops: CliRunner) -> None:
    history = json.loads(recops.invoke(releases, ["--json"]).output)
    assert len(history["rollouts"]) == 12
    assert {row["state"] for row in history["releases"]} >= {"live", "standby", "retired", "failed", "rejected"}


def test_the_artifact_tells_the_same_newest_first(home: Path) -> None:
    text = describe_history(read_history(open_engine(f"sqlite:///{home / 'events.db'}")))
    assert text.index("back to release-3") < text.index("release-1 went live")


def test_retention_removes_what_nobody_can_go_back_to_and_keeps_the_story(home: Path) -> None:
    pruned = prune(Workbench(Settings(home=home)), 3, False, quiet)
    assert {"release-1", "release-2", "release-4", "release-6"} <= set(pruned.releases)
    assert {"release-3", "release-11"}.isdisjoint(pruned.releases)
    assert prune(Workbench(Settings(home=home)), 3, False, quiet).releases == ()
