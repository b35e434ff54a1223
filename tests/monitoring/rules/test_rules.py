"""The table of rules, and what each kind says of two windows."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.quality.window import BUCKETS, Window
from monitoring.rules.judge import Clear, Firing, Observation, Unjudged, judge
from monitoring.rules.quality_drop import DropLimits, QualityHistory
from monitoring.rules.table import RULES, Rule, RulesError, read_rules

LIMITS = DropLimits(0.05, 0.05, 28, (1,), 1000, 4, 12)
RULE = {
    "name": "x",
    "figure": "f",
    "limit": 10.0,
    "pace": "fast",
    "min_requests": 100,
    "severity": "warning",
    "owner": "o",
    "runbook": "r.md",
}


def rule(check: str, **more: object) -> Rule:
    return Rule.model_validate({**RULE, "check": check, **more})


def seen(value: float, requests: float = 500, reference: dict[str, float] | None = None, **facts: float) -> Observation:
    return Observation(0.0, 3600.0, {"f": value, "requests": requests, **facts}, reference or {})


def test_every_rule_has_a_runbook_that_exists() -> None:
    folder = Path(__file__).parents[3] / "docs" / "runbooks"
    assert {rule.runbook for rule in read_rules()} <= {path.name for path in folder.glob("*.md")}


def test_the_rules_that_were_promised_are_there() -> None:
    limits = {rule.name: rule.limit for rule in read_rules()}
    assert limits["ndcg_drop"] == 0.05
    assert [limits[f"latency_p{share}"] for share in (50, 95, 99)] == [200, 400, 600]
    assert (limits["cf_stage"], limits["llm_stage"], limits["cache_hit_rate"]) == (20, 300, 0.4)


@pytest.mark.parametrize(
    ("check", "value", "kind"),
    [("above", 10.0, Clear), ("above", 10.1, Firing), ("below", 10.0, Clear), ("below", 9.9, Firing)],
)
def test_the_limit_itself_is_allowed(check: str, value: float, kind: type) -> None:
    assert isinstance(judge(rule(check), seen(value), LIMITS), kind)


def test_worse_than_critical_is_critical() -> None:
    found = judge(rule("above", critical=20.0), seen(21.0), LIMITS)
    assert isinstance(found, Firing)
    assert found.severity == "critical"


def test_too_few_requests_and_unknown_figures_are_not_judged() -> None:
    assert isinstance(judge(rule("above"), seen(99.0, requests=99), LIMITS), Unjudged)
    assert isinstance(judge(rule("above"), seen(math.nan), LIMITS), Unjudged)
    assert isinstance(judge(rule("above", needs="cache_in_use"), seen(99.0), LIMITS), Unjudged)
    assert isinstance(judge(rule("above", needs="cache_in_use"), seen(99.0, cache_in_use=1.0), LIMITS), Firing)


def test_a_fall_is_relative_to_the_usual_window_and_needs_its_traffic() -> None:
    usual = {"f": 100.0, "requests": 500.0}
    falls = rule("falls", limit=0.3)
    assert isinstance(judge(falls, seen(71.0, reference=usual), LIMITS), Clear)
    assert isinstance(judge(falls, seen(69.0, reference=usual), LIMITS), Firing)
    assert isinstance(judge(falls, seen(10.0, requests=300, reference=usual), LIMITS), Unjudged)
    assert isinstance(judge(falls, seen(10.0), LIMITS), Unjudged)


@pytest.mark.parametrize(
    ("change", "says"),
    [("limit: 5", "limt"), ("severity: warning", "severity"), ("check: above", "check")],
)
def test_a_wrong_key_is_named(tmp_path: Path, change: str, says: str) -> None:
    wrong = {"limit: 5": "limt: 5", "severity: warning": "severity: loud", "check: above": "check: sideways"}[change]
    row = "name: a, pace: fast, check: above, figure: f, limit: 5, min_requests: 1, severity: warning, owner: o"
    text = f"rules:\n- {{{row}, runbook: r.md}}\n"
    path = tmp_path / "rules.yaml"
    path.write_text(text.replace(change, wrong))
    with pytest.raises(RulesError, match=rf"rule a: .*{says}|rule a: limit"):
        read_rules(path)


def test_two_rules_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(RULES.read_text() + RULES.read_text().splitlines()[-1])
    with pytest.raises(RulesError, match="two rules are named"):
        read_rules(path)


def test_far_below_is_critical_too() -> None:
    near, far = (judge(rule("below", critical=5.0), seen(value), LIMITS) for value in (9.0, 4.9))
    assert isinstance(near, Firing) and isinstance(far, Firing)
    assert (near.severity, far.severity) == ("warning", "critical")


@pytest.mark.parametrize(("mean", "severity"), [(0.085, "warning"), (0.06, "critical")])
def test_a_fall_of_more_than_critical_is_critical(mean: float, severity: str) -> None:
    requests = np.full((1, BUCKETS), 100.0)
    windows = tuple(
        Window(day * 86_400.0, 86_400.0, requests, requests * (0.1 if day < 21 else mean)) for day in range(28)
    )
    history = QualityHistory(windows, tuple((day % 7, 0) for day in range(28)), (False,) * 28)
    limits = DropLimits(0.05, 0.05, 28, (1, 3, 7), 1000, 4, 12)
    fallen = replace(seen(mean), history=history)
    found = judge(rule("quality_drop", limit=0.05, critical=0.2), fallen, limits)
    assert isinstance(found, Firing)
    assert found.severity == severity
