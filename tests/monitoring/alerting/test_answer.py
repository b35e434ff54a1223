"""What is done about an incident by itself."""

from __future__ import annotations

from components.config.monitor import Answering
from monitoring.alerting.answer import GoBack, LeaveIt, Retrain, choose_answer
from monitoring.alerting.blame import ReleaseChange
from monitoring.rules.table import Rule, read_rules

LIMITS = Answering(enabled=True, cool_down_minutes=60.0, max_per_day=2)
QUALITY = next(rule for rule in read_rules() if rule.name == "ndcg_drop")
HOUR = 3600.0
CHANGE = ReleaseChange("release-2", "release-1", 90.0)


def choose(
    rule: Rule = QUALITY,
    change: ReleaseChange | None = None,
    live: str = "release-2",
    asked: tuple[float, ...] = (),
    limits: Answering = LIMITS,
) -> Retrain | GoBack | LeaveIt:
    return choose_answer(rule, change, live, asked, 100 * HOUR, limits)


def test_a_fall_without_a_release_is_retrained() -> None:
    assert isinstance(choose(), Retrain)


def test_a_fall_that_came_with_the_live_release_goes_back() -> None:
    answer = choose(change=CHANGE)
    assert isinstance(answer, GoBack)
    assert (answer.release_id, answer.to) == ("release-2", "release-1")


def test_a_release_that_is_not_live_any_more_is_not_gone_back_from() -> None:
    assert isinstance(choose(change=CHANGE, live="release-3"), Retrain)


def test_within_the_cool_down_and_past_the_day_s_number_nothing_is_done() -> None:
    assert isinstance(choose(asked=(99.5 * HOUR,)), LeaveIt)
    assert isinstance(choose(asked=(98.5 * HOUR,)), Retrain)
    assert isinstance(choose(asked=(80 * HOUR, 90 * HOUR)), LeaveIt)
    assert isinstance(choose(asked=(70 * HOUR, 90 * HOUR)), Retrain)


def test_other_rules_and_a_switch_answer_nothing() -> None:
    latency = next(rule for rule in read_rules() if rule.name == "latency_p95")
    assert isinstance(choose(rule=latency), LeaveIt)
    assert isinstance(choose(limits=LIMITS.model_copy(update={"enabled": False})), LeaveIt)
