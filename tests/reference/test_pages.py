"""Every knob, setting, command, recommender, table and metric is in the reference, and says what it means."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from components.adapters.store.tables.metadata import metadata
from components.config.settings import Settings
from components.recommenders.registry import RECOMMENDERS, kinds_in
from reference.commands_page import commands_of, commands_page
from reference.http_page import http_page
from reference.metrics_page import metrics_page, monitor_metrics, slot_metrics
from reference.params_page import leaves_of, params_page
from reference.recommenders_page import recommenders_page
from reference.settings_page import settings_of, settings_page
from reference.tables_page import tables_page

ROOT = Path(__file__).parents[2]
PARAMS = ROOT / "params.yaml"


def paths_in(value: object, path: str = "") -> list[str]:
    """The leaves of nested mappings; a mapping in braces is one leaf to people, and is left out by the caller."""
    if not isinstance(value, dict):
        return [path]
    return [leaf for key, below in value.items() for leaf in paths_in(below, f"{path}.{key}" if path else key)]


def test_every_knob_is_there_with_its_default() -> None:
    page = params_page(PARAMS)
    leaves = {leaf.path: leaf for leaf in leaves_of(PARAMS)}
    known = yaml.safe_load(PARAMS.read_text())
    for path in paths_in(known):
        documented = next((name for name in leaves if path == name or path.startswith(f"{name}.")), None)
        assert documented is not None, path
        assert f"`{documented}`" in page
    assert leaves["gate.max_relative_drop"].default == "0.02"


def test_every_knob_says_what_it_means() -> None:
    assert [leaf.path for leaf in leaves_of(PARAMS) if not leaf.meaning] == []


def test_a_knob_without_a_comment_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("gate:\n  metric: ndcg   # what is judged\n  new: 3\n  list:  # of names\n  - a\n")
    assert [(leaf.path, leaf.default, leaf.meaning) for leaf in leaves_of(file)] == [
        ("gate.metric", "ndcg", "what is judged"),
        ("gate.new", "3", ""),
        ("gate.list", "", "of names"),
    ]


def test_every_setting_is_there_and_says_what_it_means() -> None:
    settings = settings_of()
    assert len(settings) == len(Settings.model_fields)
    assert [setting.variable for setting in settings if not setting.meaning] == []
    page = settings_page()
    assert all(f"`{setting.variable}`" in page for setting in settings)
    assert "`ANTHROPIC_API_KEY`" in page


def test_no_default_of_a_setting_depends_on_where_the_page_is_made() -> None:
    assert str(ROOT) not in settings_page()


def test_every_command_is_there_with_its_options() -> None:
    page = commands_page()
    commands = dict(commands_of())
    assert "recops alerts silence" in commands
    for words, command in commands.items():
        assert f"`{words}" in page
        assert command.help, words
        options = [name for parameter in command.params for name in parameter.opts if name.startswith("--")]
        assert all(name in page for name in options), words
    missing = [
        f"{words}: {parameter.name}"
        for words, command in commands.items()
        for parameter in command.params
        if parameter.param_type_name == "option" and not getattr(parameter, "help", None)
    ]
    assert missing == []


def test_every_kind_of_recommender_is_there_with_its_knobs() -> None:
    page = recommenders_page()
    for kind, config in kinds_in(RECOMMENDERS).items():
        section = page.partition(f"## `{kind}`\n")[2].partition("\n## ")[0]
        assert section, kind
        assert all(f"| `{name}` |" in section for name in config.model_fields if name != "kind"), kind


def test_every_table_and_column_is_there() -> None:
    page = tables_page()
    for table in metadata.tables.values():
        section = page.partition(f"## `{table.name}`\n")[2].partition("\n## ")[0]
        assert all(f"| `{column.name}` |" in section for column in table.columns), table.name


def test_every_metric_is_there() -> None:
    page = metrics_page()
    names = {metric.name for metric in (*slot_metrics(), *monitor_metrics())}
    assert {"recops_requests", "recops_llm_cost_usd", "recops_answers_kept", "recops_quality"} <= names
    assert all(f"`{name}`" in page for name in names)


@pytest.mark.parametrize("path", ["/recommend", "/search", "/feedback", "/similar", "/prefetch"])
def test_every_endpoint_is_there_with_its_body(path: str) -> None:
    assert f"### `POST {path}`" in http_page()


def test_the_body_of_a_request_is_there_with_its_limits() -> None:
    section = http_page().partition("### `RecommendRequest`\n")[2].partition("\n### ")[0]
    assert "| `user_id` | string | yes |" in section
    assert "≤ 100" in section
