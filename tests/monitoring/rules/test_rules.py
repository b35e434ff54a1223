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


def test_critical_itself_is_not_yet_critical_and_what_is_usual_is_told_where_it_is_known() -> None:
    at, usual = judge(rule("above", critical=20.0), seen(20.0), LIMITS), {"f": 3.0}
    assert isinstance(at, Firing)
    assert (at.severity, at.before, at.since) == ("warning", None, 0.0)
    for reference, before in ((usual, 3.0), ({"f": math.nan}, None)):
        found = judge(rule("above"), seen(21.0, reference=reference), LIMITS)
        assert isinstance(found, Firing)
        assert (found.severity, found.before, found.value, found.windows) == ("warning", before, 21.0, 1)


def test_the_least_number_of_requests_is_enough_and_the_reason_says_what_is_missing() -> None:
    assert isinstance(judge(rule("above"), seen(9.0, requests=100), LIMITS), Clear)
    few, none = judge(rule("above"), seen(9.0, requests=99), LIMITS), judge(rule("above"), seen(math.nan), LIMITS)
    assert isinstance(few, Unjudged) and isinstance(none, Unjudged)
    assert few.reason == "99 requests, fewer than the 100 needed"
    assert none.reason == "there is no f in this window"
    missing = judge(rule("above"), Observation(0.0, 3600.0, {"f": 99.0}), LIMITS)
    assert isinstance(missing, Unjudged)
    assert missing.reason.startswith("0 requests")
    unused = judge(rule("above", needs="cache_in_use"), seen(99.0, cache_in_use=0.0), LIMITS)
    assert isinstance(unused, Unjudged)
    assert unused.reason == "cache in use: no"


@pytest.mark.parametrize(
    ("value", "before", "requests", "usual", "kind"),
    [
        (64.0, 128.0, 70.0, 100.0, Clear),  # .7 of the traffic, and down by the limit itself
        (63.9, 128.0, 70.0, 100.0, Firing),
        (63.9, 128.0, 69.9, 100.0, Unjudged),
        (-1.0, 0.0, 100.0, 100.0, Unjudged),
        (0.1, 0.5, 100.0, 100.0, Firing),
        (0.4, 0.5, 130.0, 100.0, Clear),
        (0.1, math.nan, 100.0, 100.0, Unjudged),
    ],
)
def test_a_fall_beyond_the_limit_of_half_is_judged_from_seven_tenths_of_the_usual_traffic(
    value: float, before: float, requests: float, usual: float, kind: type
) -> None:
    falls = rule("falls", limit=0.5, min_requests=1)
    found = judge(falls, seen(value, requests, {"f": before, "requests": usual}), LIMITS)
    assert isinstance(found, kind)
    if isinstance(found, Firing):
        assert (found.value, found.before, found.since) == (value, before, 0.0)
    if isinstance(found, Clear):
        assert found.value == value


def calm_history(days: int, spread: float = 0.0, newest: float = 1.0) -> QualityHistory:
    """Days that differ by `spread` in turns, the newest times `newest`."""
    requests = np.full((1, BUCKETS), 100.0)
    means = 0.1 * (1 + spread * np.tile([1.0, -1.0], days)[:days])
    means[-1] *= newest
    windows = tuple(Window(day * 86_400.0, 86_400.0, requests, requests * mean) for day, mean in enumerate(means))
    return QualityHistory(windows, tuple((day % 7, 0) for day in range(days)), (False,) * days)


def test_a_quality_that_did_not_fall_is_clear_once_enough_is_known_and_says_what_could_be_seen() -> None:
    found = judge(rule("quality_drop", limit=0.05), replace(seen(0.1), history=calm_history(42)), LIMITS)
    assert isinstance(found, Clear)
    assert found.value == pytest.approx(0.1)
    assert found.visible is not None and 0.05 < found.visible.fall < 0.5
    assert found.newest is not None and found.newest.relative == pytest.approx(0.0)
    early = judge(rule("quality_drop", limit=0.05), replace(seen(0.1), history=calm_history(8, 0.1, 11 / 9)), LIMITS)
    assert isinstance(early, Unjudged)
    assert "only a fall of more than 50% would be seen" in early.reason
    assert early.newest is not None


def test_a_fall_within_noise_is_neither_clear_nor_fires_and_says_its_interval() -> None:
    history = calm_history(28, spread=0.1, newest=0.9)
    found = judge(rule("quality_drop", limit=0.05), replace(seen(0.1), history=history), LIMITS)
    assert isinstance(found, Unjudged)
    assert found.reason.startswith("down ") and "within noise (interval -" in found.reason
    assert found.newest is not None and found.newest.relative > 0.05


@pytest.mark.parametrize(("feedback", "kind"), [(0.0009, Unjudged), (0.001, Firing), (None, Firing)])
def test_a_fall_without_feedback_says_nothing_of_the_lists(feedback: float | None, kind: type) -> None:
    facts = {} if feedback is None else {"feedback_per_request": feedback}
    fallen = replace(seen(0.1, **facts), history=calm_history(28, newest=0.5))
    found = judge(rule("quality_drop", limit=0.05), fallen, LIMITS)
    assert isinstance(found, kind)
    if isinstance(found, Unjudged):
        assert "no_feedback" in found.reason


def test_the_stricter_number_of_requests_of_rule_and_limits_counts() -> None:
    history = calm_history(28, newest=0.5)  # 6,400 requests a day
    for least, kind in ((6_400, Firing), (6_401, Unjudged)):
        strict = rule("quality_drop", limit=0.05, min_requests=least)
        assert isinstance(judge(strict, replace(seen(0.1), history=history), LIMITS), kind)
    assert isinstance(
        judge(
            rule("quality_drop", limit=0.05), replace(seen(0.1), history=history), replace(LIMITS, min_requests=7_000)
        ),
        Unjudged,
    )


def test_a_quality_drop_of_critical_itself_is_a_warning_and_without_one_never_critical() -> None:
    fallen = replace(seen(0.1), history=calm_history(28, newest=0.5))
    for critical, severity in ((0.49, "critical"), (0.51, "warning"), (None, "warning")):
        found = judge(rule("quality_drop", limit=0.05, critical=critical), fallen, LIMITS)
        assert isinstance(found, Firing)
        assert (found.severity, found.windows) == (severity, 1)
        assert (found.before, found.value) == (pytest.approx(0.1), pytest.approx(0.05))
