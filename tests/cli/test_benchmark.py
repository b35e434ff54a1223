"""`recops benchmark` on tiny files: the table, the JSON, and what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cli.benchmark import benchmark
from tests.messages_server import messages_server
from tests.worlds import make_tables


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(benchmark, [*map(str, arguments), "--budget", "0"])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    interactions, items, _ = make_tables(n_users=30, n_items=40, n_each=20)
    interactions.to_csv(tmp_path / "interactions.csv", index=False)
    items.to_csv(tmp_path / "items.csv", index=False)
    return tmp_path / "interactions.csv", tmp_path / "items.csv"


def rows_of(result: Result) -> dict[str, dict]:
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    return {row["model"]: row for row in found["rows"]} | {"missing": found["missing"], "protocol": found["protocol"]}


@pytest.mark.parametrize("protocol", ["per-user-temporal", "random"])
def test_every_model_is_measured(files: tuple[Path, Path], protocol: str) -> None:
    rows = rows_of(run("--interactions", files[0], "--items", files[1], "--protocol", protocol, "--json"))
    assert {"popularity", "content", "ease", "ials", "lightfm", "item_to_item", "blend", "pipeline"} <= set(rows)
    for name in ("popularity", "pipeline"):
        row = rows[name]
        assert row["ndcg_at_10_low"] <= row["ndcg_at_10"] <= row["ndcg_at_10_high"]
        assert {"recall_at_10", "hit_rate_at_10", "map_at_10", "coverage", "novelty", "diversity"} <= set(row)
        assert row["train_seconds"] > 0
        assert row["peak_memory_mb"] > 0
    # Even users like even items, which popularity cannot know.
    assert rows["pipeline"]["ndcg_at_10"] > rows["popularity"]["ndcg_at_10"]


def lines_of_items(path: Path, start: int = 0) -> None:
    """Forty users who go round twenty items, each from another one on."""
    lines = [
        f"{user} " + " ".join(str((user + step) % 20) for step in range(start, start + 8 + user % 3))
        for user in range(40)
    ]
    path.write_text("\n".join(lines) + "\n")


def test_the_last_of_every_line_is_asked_for_with_the_one_before_known(tmp_path: Path) -> None:
    lines_of_items(tmp_path / "x.txt")
    out = tmp_path / "out.json"
    result = run("--interactions", tmp_path / "x.txt", "--protocol", "leave-one-out", "--json", "--out", out)
    rows = rows_of(result)
    # What follows the item before the last is known from everybody else; whoever knew no more than training is one off.
    assert rows["nearby_items"]["hit_rate_at_10"] == 1
    assert rows["session"]["ndcg_at_10"] > 0.9
    found = json.loads(result.stdout)
    assert (found["users_judged"], found["test_relevant"], found["positive_threshold"]) == (40, 40, None)
    assert found["finished"]
    assert json.loads(out.read_text()) == found
    assert "recent_popularity" not in rows


def test_a_given_split_is_kept(tmp_path: Path) -> None:
    lines_of_items(tmp_path / "train.txt")
    asked = [[(user + step) % 20 for step in range(15, 17 + user % 2)] for user in range(30)]
    lines = [f"{user} {' '.join(map(str, items))}" for user, items in enumerate(asked)]
    (tmp_path / "test.txt").write_text("\n".join(lines) + "\n")
    result = run("--interactions", tmp_path, "--protocol", "given", "--json")
    rows, found = rows_of(result), json.loads(result.stdout)
    assert (found["train_interactions"], found["test_relevant"], found["users_judged"]) == (359, 75, 30)
    assert {"ease", "blend", "pipeline"} <= set(rows)


def test_a_split_that_is_not_given_is_asked_for(files: tuple[Path, Path]) -> None:
    result = run("--interactions", files[0], "--protocol", "given")
    assert result.exit_code == 1
    assert "train.txt and test.txt" in result.output


def test_what_does_not_fit_the_bounds_is_said_and_the_run_goes_on(files: tuple[Path, Path]) -> None:
    arguments = ["--interactions", files[0], "--protocol", "random", "--budget", "0.001", "--json"]
    result = CliRunner().invoke(benchmark, list(map(str, arguments)))
    rows = rows_of(result)
    assert "popularity" in rows
    assert any("the budget cut off" in note for note in rows["missing"])


def test_a_table_is_printed(files: tuple[Path, Path]) -> None:
    result = run("--interactions", files[0], "--items", files[1], "--protocol", "random", "--k", "3")
    assert result.exit_code == 0, result.output
    lines = [line.split()[0] for line in result.stdout.splitlines() if line.strip()]
    assert "pipeline" in lines


def test_without_times_values_and_items_what_can_be_computed_is(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = [f"{user},{item}" for user in range(20) for item in rng.permutation(15)[:8]]
    (tmp_path / "x.csv").write_text("user,item\n" + "\n".join(lines))
    rows = rows_of(run("--interactions", tmp_path / "x.csv", "--json"))
    assert rows["protocol"] == "random"
    assert "content" not in rows
    assert "session" not in rows
    assert rows["pipeline"]["diversity"] is None
    assert sum(note.startswith(("no values", "no times", "no items")) for note in rows["missing"]) == 3


@pytest.mark.parametrize(
    "text",
    [
        "user,item,rating,time\n",
        "user,item,rating,time\na,x,5,1600000000\n",
        "user,item,rating,time\na,x,1,1600000000\n",
    ],
    ids=["no rows", "one row", "nothing liked"],
)
def test_data_that_cannot_be_compared_on_are_refused_in_words(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.csv").write_text(text)
    result = run("--interactions", tmp_path / "x.csv")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


def test_a_language_model_is_measured_beside_cf_within_its_budget(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with messages_server() as model:
        monkeypatch.setenv("RECOPS_LLM_BASE_URL", model.url)
        arguments = ("--interactions", files[0], "--items", files[1], "--llm", "--llm-users", "12", "--json")
        result = run(*arguments, "--llm-budget", "1")
        n_asked = len(model.requests)
        poor = run(*arguments, "--llm-budget", "0.000001")
        assert len(model.requests) == n_asked
    found = json.loads(result.stdout)
    rows = {(row["group"], row["model"]): row for row in found["rows"]}
    assert set(rows) == {(group, name) for group in ("warm", "cold") for name in ("CF", "LLM only", "hybrid")}
    assert sum(rows[group, "LLM only"]["asked"] for group in ("warm", "cold")) == n_asked
    assert (rows["warm", "hybrid"]["asked"], rows["cold", "hybrid"]["failed"]) == (0, 0)
    assert rows["warm", "hybrid"]["ndcg_at_10"] == rows["warm", "CF"]["ndcg_at_10"]
    assert rows["warm", "hybrid"]["cost_per_1000"] == 0 < rows["cold", "hybrid"]["cost_per_1000"]
    assert 0 < found["spent_usd"] <= found["cap_usd"]
    without = json.loads(poor.stdout)
    assert without["spent_usd"] == 0
    assert all(row["failed"] == row["asked"] and row["gain"] == 0 for row in without["rows"])


def test_a_language_model_costs_money_so_the_cap_is_asked_for(files: tuple[Path, Path]) -> None:
    result = run("--interactions", files[0], "--items", files[1], "--llm")
    assert result.exit_code != 0
    assert "The most that this may cost" in result.output
