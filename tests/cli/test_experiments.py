"""`recops experiments` and `recops simulate` on the command line: what they print, and what they refuse in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from cli.experiments import experiments
from cli.simulate import simulate
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.experiments.declared import PlannedSize, SqlExperiments
from components.config.settings import Settings
from jobs.errors import NothingThereError
from tests.experiment_worlds import declaration, exposure_row, write
from tests.free_ports import free_ports

EXAMPLE = Settings().project / "docs" / "examples" / "varied-lists.yaml"
BASELINE = {"mean": 0.02, "std": 0.03, "users_per_day": 2_000}


def run(home: Path, *arguments: str, command: object = experiments) -> Result:
    return CliRunner().invoke(command, arguments, env={"RECOPS_HOME": str(home)})  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    settings = Settings(home=tmp_path / "home")
    migrate(settings.store_url)
    stored = SqlExperiments(open_engine(settings.store_url), lambda: 100.0)
    stored.declare(declaration(), PlannedSize(1_000, 14), "test")
    stored.serve("exp-1")
    exposed = [exposure_row(f"u{n}", ("control", "varied")[n % 3 > 0], 101.0) for n in range(9)]
    write(open_engine(settings.store_url), exposed=exposed)
    return tmp_path / "home"


def test_experiments_are_listed_with_their_users(home: Path) -> None:
    (row,) = json.loads(run(home, "list", "--json").output)
    assert (row["name"], row["state"], row["served"]) == ("exp-1", "running", False)
    assert row["users"] == {"control": 3, "varied": 6}
    assert "exp-1" in run(home, "list").output
    shown = json.loads(run(home, "show", "exp-1").output)
    assert shown["declaration"]["primary"] == "ctr"
    unknown = run(home, "show", "exp-9")
    assert (unknown.exit_code, "recops experiments list" in unknown.output) == (1, True)


def test_a_plan_is_at_least_two_weeks_and_warns_of_few_users(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    for size, weeks, warned in ((0.05, 4, False), (0.5, 2, True)):
        changes = {"baseline": BASELINE, "minimum_effect": {"size": size, "kind": "relative"}}
        file.write_text(yaml.safe_dump({**yaml.safe_load(EXAMPLE.read_text()), **changes}))
        found = json.loads(run(home, "plan", str(file), "--json").output)
        assert found["days"] == 7 * weeks, found
        assert (found["users_per_variant"] < 10_000) is warned
        assert bool(found["warnings"]) is warned
    assert "users in each of 2 variants" in run(home, "plan", str(file)).output


def test_a_plan_of_interleaving_takes_four_ninths_of_the_users_and_says_on_what_that_rests(
    home: Path, tmp_path: Path
) -> None:
    file = tmp_path / "x.yaml"
    found = {}
    for design in ("parallel", "interleaved"):
        file.write_text(yaml.safe_dump({**yaml.safe_load(EXAMPLE.read_text()), "baseline": BASELINE, "design": design}))
        found[design] = json.loads(run(home, "plan", str(file), "--json").output)
    of_ab = 2 * found["parallel"]["users_per_variant"]
    assert found["interleaved"]["users_per_variant"] == -(-4 * of_ab // 9)
    assert found["interleaved"]["days"] < found["parallel"]["days"]
    (warning,) = found["interleaved"]["warnings"]
    assert f"takes {of_ab:,} users" in warning
    assert f"told apart by {-(-of_ab // 15):,}" in warning
    assert "users with lists of both variants" in run(home, "plan", str(file)).output


def test_a_reading_is_made_on_demand_and_kept_for_the_console(home: Path) -> None:
    said = run(home, "read")
    assert said.exit_code == 0, said.output
    assert "exp-1: undecided" in said.output
    (kept,) = (home / "readings" / "exp-1").glob("*.json")
    assert json.loads(kept.read_text())["verdict"] == "undecided"
    assert json.loads(run(home, "read", "exp-1", "--json").output)["users"] == [3, 6]
    unknown = run(home, "read", "exp-9")
    assert (unknown.exit_code, "there are: exp-1" in unknown.output) == (1, True)


@pytest.mark.parametrize("example", ["varied-lists", "newer-in-one-list", "tuned-reranker"])
def test_each_example_is_a_declaration_that_lacks_only_traffic(home: Path, example: str) -> None:
    refused = run(home, "plan", str(EXAMPLE.with_stem(example)))
    assert refused.exit_code == 1
    assert "baseline: the store has seen 0 users" in refused.output


def test_a_policy_is_judged_only_where_something_is_live(home: Path) -> None:
    assert run(home, "counterfactual").exit_code == 2
    assert isinstance(run(home, "counterfactual", "--strength", "0.5").exception, NothingThereError)


def test_a_simulation_that_nobody_answers_says_so(tmp_path: Path) -> None:
    future = tmp_path / "future.csv"
    future.write_text("user_id,item_id,value,timestamp\na,1,5,1600000000\nb,2,4,1600000000\n")
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    result = run(tmp_path / "home", "--requests", "5", "--url", url, "--future", str(future), command=simulate)
    assert result.exit_code == 1
    assert "connection: ConnectionRefusedError 5" in result.output
    assert "answered nothing; is the stack up?" in result.output


def test_a_future_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    result = run(tmp_path / "home", "--future", str(tmp_path / "nowhere.csv"), command=simulate)
    assert result.exit_code == 1
    assert "nowhere.csv" in result.output
