"""Data versions with their differences and quarantine, experiments with intervals over time, prompts in shadow."""

from __future__ import annotations

import json
from pathlib import Path

from components.adapters.store.experiments.declared import PlannedSize
from components.adapters.store.llm.evaluations import Spec
from components.experiments.declaration import Declaration
from jobs.console.data_page import Version, difference
from jobs.data.ingest import IngestRequest, run_ingest
from tests.console.small_console import SmallConsole


def version(tag: str, interactions: int, bad: dict[str, int], **options: object) -> Version:
    counts = dict.fromkeys(("items", "users", "events", "own_impressions"), 0)
    counts |= {"interactions": interactions, "quarantined": sum(bad.values())}
    files = {"interactions.parquet": f"{interactions}", "items.parquet": "same"}
    quarantine = {"interactions": bad} if bad else {}
    return Version(tag, 1.0, "c", "movielens", None, counts, 1.0, 2.0, quarantine, {}, {}, options, files)


def test_a_difference_names_counts_reasons_files_and_options_that_changed() -> None:
    found = difference(
        version("data-v1", 10, {"bad time": 2, "no id": 1}), version("data-v2", 12, {"bad time": 3}, day_first=True)
    )
    assert [(each.name, each.before, each.after) for each in found.counts] == [
        ("interactions", 10, 12),
        ("quarantined", 3, 3),
    ]
    assert [(each.name, each.before, each.after) for each in found.quarantine] == [
        ("interactions: bad time", 2, 3),
        ("interactions: no id", 1, 0),
    ]
    assert found.files == ("interactions.parquet",)
    assert found.options == ("day_first: as params.yaml → True",)


def test_without_versions_the_next_command_is_shown(console: SmallConsole) -> None:
    assert "recops data check FILE" in console.text("/console/data")


def test_what_was_left_out_is_counted_by_reason(console: SmallConsole) -> None:
    text = console.text("/console/experiments")
    assert "recops experiments plan" in text
    assert "recops prompts register" in text


def test_a_version_shows_from_when_to_when_it_goes_and_that_one_without_times_has_none(
    console: SmallConsole, tmp_path: Path
) -> None:
    for name, times in (("timed", "timestamp\n"), ("timeless", "price\n")):
        rows = "".join(f"u{n % 5},i{n % 7},{1451606400 + n if name == 'timed' else n}\n" for n in range(35))
        (tmp_path / f"{name}.csv").write_text(f"user_id,item_id,{times}{rows}")
        run_ingest(console.bench, IngestRequest(str(tmp_path / f"{name}.csv")), lambda _: None)
    page = console.get("/console/data").text
    assert page.count('<td class="nowrap">1 Jan 2016 – 1 Jan 2016</td>') == 1
    assert page.count('<td class="nowrap">none</td>') == 1


def test_an_experiment_shows_its_newest_reading_and_its_intervals_over_time(console: SmallConsole) -> None:
    declared = Declaration.model_validate(
        {
            "name": "varied",
            "variants": [
                {"name": "control", "share": 0.5},
                {"name": "varied", "share": 0.5, "policy": {"routing.diversity.strength": 0.3}},
            ],
            "primary": "ctr",
            "test": "sequential",
            "minimum_effect": {"size": 0.05},
        }
    )
    console.bench.store.experiments.declare(declared, PlannedSize(1000, 14), "ann")
    console.bench.store.experiments.serve("varied")
    folder = console.settings.root / "readings" / "varied"
    folder.mkdir(parents=True)
    for at, value, verdict in ((1_000.0, 0.01, "undecided"), (90_000.0, 0.08, "winner")):
        line = {"role": "primary", "variant": "varied", "low": value - 0.03, "value": value, "high": value + 0.03}
        reading = {"read_at": at, "lines": [line, {**line, "role": "guardrail"}], "verdict": verdict}
        reading |= {"winner": "varied" if verdict == "winner" else None, "reason": f"it is {verdict}"}
        reading |= {"users_needed": None, "days_needed": None, "sample_ratio": "as declared"}
        (folder / f"{at:07.0f}.json").write_text(json.dumps(reading))
    page = console.get("/console/experiments").text
    text = console.text("/console/experiments")
    assert page.count("<circle") == 2
    assert "winner varied" in text
    assert "varied +8.0 % (+5.0 to +11.0)" in text
    assert "it is winner" in text
    assert "experiment varied" in console.text("/console")


def test_a_prompt_in_shadow_shows_why_and_the_most_different_rankings(console: SmallConsole) -> None:
    store = console.bench.store.evaluations
    made = store.create(Spec("logged", 1, 2, "old", "new", "small", 500))
    store.conclude(made.evaluation_id, "Refuse", ["replies miss places"], True, True)
    place = {"rank": 1, "title": "<Alien>", "category": "", "moved": None, "wanted": "later", "explanation": "why"}
    different = [{"segment": "cold", "said": "mood: tired", "agreement": 0.1, "faults": ["missing"]}]
    different[0] |= {"champion": [place], "challenger": [place]}
    folder = console.settings.root / "evaluations"
    folder.mkdir()
    (folder / f"{made.evaluation_id}.json").write_text(json.dumps(different))
    page = console.get("/console/experiments").text
    assert "prompt 2 against 1" in page
    assert "replies miss places" in page
    assert page.count("&lt;Alien&gt;") == 2
