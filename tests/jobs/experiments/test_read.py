"""An experiment is read from the store: what it decides, and what the page says of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from components.adapters.files.params_file import read_params
from components.adapters.mlflow.reading import draw_entries, draw_intervals
from components.adapters.store.engine import migrate, open_engine
from components.adapters.store.experiments.declared import (
    ExperimentError,
    PlannedSize,
    SqlExperiments,
    StoredExperiment,
)
from components.config.settings import Settings
from components.experiments.allocation import AllocatedShares
from jobs.experiments.read import Reading, find_experiment, read_stored, share_out, write_page
from jobs.wiring.workbench import Workbench
from monitoring.reading_page import markdown_of
from tests.experiment_worlds import DAY, START, declaration, write_traffic

PARAMS = read_params(Settings().project / "params.yaml")
PLANNED = PlannedSize(1_000, 14)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home")
    migrate(settings.store_url)
    return settings


def start(settings: Settings, planned: PlannedSize = PLANNED) -> StoredExperiment:
    experiments = SqlExperiments(open_engine(settings.store_url), lambda: START)
    experiments.declare(declaration(), planned, "test")
    experiments.serve("exp-1")
    return find_experiment(SqlExperiments(open_engine(settings.store_url)), None)


def read(settings: Settings, experiment: StoredExperiment, days: float = 14) -> Reading:
    return read_stored(Workbench(settings, PARAMS), experiment, START + days * DAY)


def test_a_planted_uneven_assignment_is_caught_and_no_winner_is_named(settings: Settings) -> None:
    experiment = start(settings)
    # The treatment clicks half as often again: without the check it would win.
    write_traffic(open_engine(settings.store_url), 13_100, 0.52, (0.08, 0.12), seed=3)
    view = read(settings, experiment).view
    assert view.verdict == "refused"
    assert view.winner is None
    assert "sample ratio mismatch" in view.reason
    assert view.lines == ()


def test_a_real_difference_wins_and_the_page_holds_all_that_decided(settings: Settings, tmp_path: Path) -> None:
    experiment = start(settings)
    write_traffic(open_engine(settings.store_url), 3_000, 0.5, (0.08, 0.12))
    reading = read(settings, experiment)
    view = reading.view
    assert (view.verdict, view.winner, view.primary) == ("winner", "varied", "ctr")
    primary = next(line for line in view.lines if line.role == "primary")
    assert 0.3 < primary.value < 0.7
    assert primary.low > 0
    assert {line.segment for line in view.lines if line.role == "segment"} == {"cold", "warm"}
    assert {line.metric for line in view.lines if line.role == "guardrail"} == {"latency_ms", "cost_usd", "errors"}
    assert all(line.verdict == "unharmed" for line in view.lines if line.role == "guardrail")
    page = write_page(settings.root / "readings", reading).read_text()
    assert page == (settings.root / "readings" / "exp-1" / "latest.html").read_text()
    assert "winner: varied" in page
    assert not re.findall(r"(?:src|href)=", page)  # nothing is loaded from elsewhere
    assert "| primary | clicks per item shown | varied |" in markdown_of(view)


def test_a_reading_gives_the_users_to_come_other_shares_while_the_experiment_runs(settings: Settings) -> None:
    experiments = SqlExperiments(open_engine(settings.store_url), lambda: START + 15 * DAY)
    experiments.declare(declaration(primary="clickers", allocation="top-two"), PLANNED, "test")
    SqlExperiments(open_engine(settings.store_url), lambda: START).serve("exp-1")
    write_traffic(open_engine(settings.store_url), 3_000, 0.5, (0.02, 0.08))
    running = find_experiment(experiments, "exp-1")
    reading = read(settings, running, 15)
    assert (reading.view.verdict, reading.view.winner) == ("winner", "varied")
    share_out(experiments, running, reading)
    allocated = AllocatedShares(START + 15 * DAY, reading.shares)
    assert find_experiment(experiments, "exp-1").allocated == (allocated,)
    assert sum(allocated.shares) == pytest.approx(1)
    experiments.serve(None)
    ended = find_experiment(experiments, "exp-1")
    share_out(experiments, ended, reading)
    assert find_experiment(experiments, "exp-1").allocated == (allocated,)
    fixed = read(settings, start_named(experiments, "exp-2"), 1)
    assert fixed.shares is None


def start_named(experiments: SqlExperiments, name: str) -> StoredExperiment:
    experiments.declare(declaration(name=name), PLANNED, "test")
    experiments.serve(name)
    return find_experiment(experiments, name)


def test_few_users_are_undecided_and_told_how_many_it_would_take(settings: Settings) -> None:
    experiment = start(settings, PlannedSize(25_000, 28))
    write_traffic(open_engine(settings.store_url), 600, 0.5, (0.08, 0.08))
    reading = read(settings, experiment, days=1)
    assert reading.view.verdict == "undecided"
    assert reading.view.users_needed > 1_000
    assert reading.view.days_needed >= 13
    assert re.search(r"Still needed: <b>[\d,]+</b> users per variant", reading.page)
    assert any("fewer than 10,000" in warning for warning in reading.view.warnings)


def test_an_experiment_that_nobody_has_met_yet_is_undecided(settings: Settings) -> None:
    reading = read(settings, start(settings), days=0)
    assert (reading.view.verdict, reading.view.users) == ("undecided", (0, 0))
    assert "0 users" in reading.page


def test_a_name_that_is_not_there_and_an_experiment_that_never_ran_are_told(settings: Settings) -> None:
    experiments = SqlExperiments(open_engine(settings.store_url), lambda: START)
    with pytest.raises(ExperimentError, match="no experiment was started"):
        find_experiment(SqlExperiments(open_engine(settings.store_url)), None)
    experiments.declare(declaration(), PlannedSize(10, 14), "test")
    with pytest.raises(ExperimentError, match="no release that serves it became live"):
        find_experiment(SqlExperiments(open_engine(settings.store_url)), "exp-1")
    with pytest.raises(ExperimentError, match="there are: exp-1"):
        find_experiment(SqlExperiments(open_engine(settings.store_url)), "exp-2")


def test_the_plots_are_drawn_also_without_anything_to_compare(tmp_path: Path) -> None:
    for name, figure in (
        ("a", draw_intervals([], "x")),
        ("b", draw_entries([0.0, 1.0], {"control": [0, 0], "varied": [0, 1]}, "x")),
    ):
        figure.savefig(tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 5_000
