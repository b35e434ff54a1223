"""The decision on a prompt: what promotes, what refuses, what is left open and how much more it needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from benchmarks.stated_params import stated
from components.config.shadow import ShadowConfig
from components.experiments.power import squared_signal
from components.metrics.bootstrap import Interval
from components.shadow.decision import Promote, Refuse, Undecided, decide
from components.shadow.evidence import LEAST_USERS, ShadowEvidence, Speed
from components.shadow.fault_rate import count_faults
from components.shadow.paired import NOTHING, Paired
from components.shadow.scores import PromotedItems

POLICY = stated(ShadowConfig, min_gain=0.01, planned_gain=0.05, max_fault_rate=0.01)


def paired(low: float, high: float, champion: float = 0.5, users: int = 300) -> Paired:
    """A comparison whose bootstrap says so, with a confidence sequence half as wide again on each side."""
    middle, reach = (low + high) / 2, (high - low) / 2
    return Paired(
        champion,
        champion + middle,
        Interval(middle, low, high),
        Interval(middle, middle - 1.5 * reach, middle + 1.5 * reach),
        reach / 2,
        users,
        users * 2,
        float(users),
    )


EVEN = paired(-0.001, 0.001)
CLEAN = count_faults([()] * 600, 0.95)


def evidence(**changes: Any) -> ShadowEvidence:
    better = paired(0.02, 0.08)
    found = ShadowEvidence(
        cases=600,
        source="later",
        share=0.9,
        target=better,
        by_source={"explored": NOTHING, "later": better, "all": better, "listed": NOTHING},
        segments={},
        faults=CLEAN,
        champion_faults=CLEAN,
        explanation_faults=count_faults([], 0.95),
        guards={"diversity": EVEN, "category spread": EVEN, "cost": EVEN, "latency": EVEN},
        engagement=PromotedItems(0, 0, 0, 0),
        overlap=0.5,
        top_ten=0.5,
        speed=(Speed(1, 2), Speed(1, 2)),
        tokens=(1, 1),
        cost_usd=(1.0, 1.0),
    )
    return replace(found, **changes)


def by_source(later: Paired, everything: Paired, listed: Paired = NOTHING) -> dict[str, Paired]:
    return {"explored": NOTHING, "later": later, "all": everything, "listed": listed}


def test_a_prompt_that_is_better_and_harms_nothing_is_promoted() -> None:
    assert isinstance(decide(evidence(), POLICY, "planned"), Promote)


def test_nothing_is_promoted_before_the_planned_size() -> None:
    decision = decide(evidence(cases=200), POLICY, "look")
    assert isinstance(decision, Undecided)
    assert decision.requests_needed == POLICY.sample_size - 200


def test_after_the_planned_read_only_the_sequence_counts() -> None:
    narrow = paired(0.012, 0.08)  # the bootstrap holds, the wider sequence does not
    found = evidence(target=narrow, by_source=by_source(narrow, narrow))
    assert isinstance(decide(found, POLICY, "planned"), Promote)
    assert isinstance(decide(found, POLICY, "later"), Undecided)


def test_a_gain_below_the_minimum_is_refused_when_that_is_sure_and_else_undecided() -> None:
    small, unsure = paired(-0.03, 0.008), paired(-0.01, 0.06)
    refused = decide(evidence(target=small, by_source=by_source(small, small)), POLICY, "planned")
    assert isinstance(refused, Refuse)
    assert "not better by 0.01" in refused.reasons[0]
    undecided = decide(evidence(target=unsure, by_source=by_source(unsure, unsure)), POLICY, "planned")
    assert isinstance(undecided, Undecided)
    assert undecided.requests_needed is not None
    assert undecided.requests_needed > 0


def test_a_gain_that_vanishes_with_what_was_taken_from_lists_is_not_believed() -> None:
    better, even = paired(0.02, 0.08), paired(-0.03, 0.03)
    decision = decide(evidence(by_source=by_source(better, even)), POLICY, "planned")
    assert isinstance(decision, Undecided)
    assert "positions filled at random would tell" in decision.reasons[0]


def test_clicks_in_the_champions_lists_alone_never_promote_and_refuse_only_a_gross_loss() -> None:
    gain, loss, gross = paired(0.1, 0.2), paired(-0.2, -0.1), paired(-0.4, -0.3)
    nothing: dict[str, Any] = {"source": None, "target": NOTHING, "share": 0.0}
    for clicks, kind in ((gain, Undecided), (loss, Undecided), (gross, Refuse)):
        found = evidence(**nothing, by_source=by_source(NOTHING, clicks, clicks))
        decision = decide(found, POLICY, "planned")
        assert isinstance(decision, kind)
    assert isinstance(decision, Refuse)
    assert "clicks in the champion's own lists" in decision.reasons[0]


def test_explored_positions_need_no_second_source() -> None:
    better, worse = paired(0.02, 0.08), paired(-0.2, -0.1)
    sources = {"explored": better, "later": NOTHING, "all": worse, "listed": NOTHING}
    assert isinstance(decide(evidence(source="explored", by_source=sources), POLICY, "planned"), Promote)


@pytest.mark.parametrize(
    ("faulty", "replies", "kind"),
    [(0, 500, Promote), (0, 200, Undecided), (2, 500, Undecided), (5, 500, Refuse), (15, 500, Refuse)],
)
def test_faults_must_be_shown_to_be_rare(faulty: int, replies: int, kind: type) -> None:
    faults = count_faults([("missing",)] * faulty + [()] * (replies - faulty), 0.95)
    decision = decide(evidence(faults=faults), POLICY, "planned")
    assert isinstance(decision, kind)
    if isinstance(decision, Refuse):
        assert decision.reasons[0].startswith(f"reply faults: {faulty} of {replies} (missing {faulty})")


def test_faults_that_are_surely_too_many_refuse_at_a_look_already() -> None:
    many, few = (count_faults([("missing",)] * n + [()] * (100 - n), 0.95) for n in (6, 1))
    assert isinstance(decide(evidence(cases=100, faults=many), POLICY, "look"), Refuse)
    assert isinstance(decide(evidence(cases=100, faults=few), POLICY, "look"), Undecided)


@pytest.mark.parametrize("name", ["diversity", "category spread", "cost", "latency"])
def test_each_guardrail_refuses_what_is_surely_worse_and_waits_when_unsure(name: str) -> None:
    sign = -1 if name in ("diversity", "category spread") else 1
    sure = paired(*sorted((sign * 0.4, sign * 0.45)))
    unsure = paired(*sorted((sign * 0.01, sign * 0.45)))
    for guard, kind in ((sure, Refuse), (unsure, Undecided)):
        decision = decide(evidence(guards={**evidence().guards, name: guard}), POLICY, "planned")
        assert isinstance(decision, kind)
        assert decision.reasons[0].startswith(name)


def test_without_any_truth_it_says_what_is_missing() -> None:
    found = evidence(
        source=None, target=NOTHING, by_source=dict.fromkeys(("explored", "later", "all", "listed"), NOTHING)
    )
    decision = decide(found, POLICY, "planned")
    assert isinstance(decision, Undecided)
    assert decision.requests_needed is None
    assert "ground truth is worth 0 users" in decision.reasons[0]


def test_a_gain_that_may_be_less_than_the_minimum_promotes_nothing() -> None:
    small = paired(0.005, 0.08)
    found = evidence(target=small, by_source={"explored": NOTHING, "later": small, "all": small, "listed": NOTHING})
    assert isinstance(decide(found, POLICY, "planned"), Undecided)


def test_before_the_plan_only_the_sequence_refuses_a_target() -> None:
    """The bootstrap ends at .005, under the minimum of .01; the sequence, wider by half, does not."""
    low = paired(-0.015, 0.005)
    found = evidence(target=low, by_source={"explored": NOTHING, "later": low, "all": low, "listed": NOTHING})
    assert low.fixed.high < POLICY.min_gain
    wide = replace(low, sequence=Interval(-0.005, -0.025, 0.015))
    found = replace(found, target=wide, by_source={**found.by_source, "later": wide, "all": wide})
    assert isinstance(decide(found, POLICY, "look"), Undecided)
    assert isinstance(decide(found, POLICY, "planned"), Refuse)


def test_before_the_plan_only_the_sequence_refuses_by_a_guard() -> None:
    """Diversity may fall by .05: the bootstrap ends below that, the sequence does not."""
    worse = replace(paired(-0.1, -0.06), sequence=Interval(-0.08, -0.2, 0.04))
    found = evidence(guards={"diversity": worse, "category spread": EVEN, "cost": EVEN, "latency": EVEN})
    assert isinstance(decide(found, POLICY, "look"), Undecided)
    assert isinstance(decide(found, POLICY, "planned"), Refuse)


def needed_for(target: Paired, cases: int = 600, **policy: float) -> int | None:
    decision = decide(evidence(target=target, cases=cases), POLICY.model_copy(update=policy), "planned")
    assert isinstance(decision, Undecided)
    (check,) = [check for check in decision.checks if "lies within" in check.explanation]
    return check.requests_needed


def test_once_the_plan_is_reached_as_many_are_needed_as_bring_the_sequence_off_the_minimum() -> None:
    """300 users, .04 between -.02 and .1: .03 off the minimum with a reach of .06 takes four times as many."""
    known = replace(paired(0.0, 0.08), std_error=1e-6)
    assert needed_for(known) == pytest.approx(2400, abs=2)
    assert needed_for(known, cases=900) == pytest.approx(3600, abs=3)
    assert needed_for(replace(known, users=600)) == pytest.approx(2400, abs=2)


def test_before_that_the_plan_is_made_again_with_the_spread_that_was_seen() -> None:
    wide = replace(paired(-0.2, 0.28), std_error=0.1)
    signal = squared_signal("sequential", 2 * POLICY.sequential_level, POLICY.power)
    users = signal * 300 * (0.1 / (POLICY.planned_gain - POLICY.min_gain)) ** 2
    assert needed_for(wide) == pytest.approx(2 * users, abs=2)
    assert needed_for(replace(wide, std_error=0.2)) == pytest.approx(8 * users, abs=5)
    assert needed_for(wide, planned_gain=0.09) == pytest.approx(2 * users / 4, abs=2)


def test_without_a_spread_no_number_would_tell() -> None:
    assert needed_for(replace(paired(0.0, 0.08), std_error=float("inf"))) is None


def test_an_open_guard_needs_as_many_requests_as_bring_its_interval_off_the_limit() -> None:
    """600 requests, and an interval that reaches four times as far as the limit is away: sixteen times as many."""
    limit = -POLICY.max_diversity_drop * 0.5
    open_ = paired(limit + 0.01 - 0.04, limit + 0.01 + 0.04)
    decision = decide(evidence(guards={**evidence().guards, "diversity": open_}), POLICY, "planned")
    assert isinstance(decision, Undecided)
    (check,) = [check for check in decision.checks if check.name == "diversity"]
    assert check.standing == "open"
    assert check.requests_needed == pytest.approx(16 * 600, abs=2)
    assert decision.requests_needed == pytest.approx(15 * 600, abs=2)


def test_a_truth_worth_few_users_needs_as_many_requests_as_make_it_worth_enough() -> None:
    few = replace(paired(0.0, 0.1), effective_users=10.0)
    decision = decide(evidence(source=None, by_source=by_source(few, few)), POLICY, "planned")
    assert isinstance(decision, Undecided)
    (check,) = [check for check in decision.checks if check.name == "target"]
    assert check.requests_needed == 60 * LEAST_USERS


@pytest.mark.parametrize(("cases", "needed"), [(200, 300), (499, 1), (500, 0), (700, 0)])
def test_a_look_asks_for_what_the_plan_still_lacks(cases: int, needed: int) -> None:
    decision = decide(evidence(cases=cases), POLICY.model_copy(update={"sample_size": 500}), "look")
    assert isinstance(decision, Undecided)
    assert decision.requests_needed == needed


def test_a_truth_worth_half_of_the_users_that_it_takes_needs_twice_the_requests() -> None:
    half, third = paired(0.0, 0.1, users=LEAST_USERS // 2), paired(0.0, 0.1, users=LEAST_USERS // 4)
    sources = {"explored": third, "later": half, "all": NOTHING, "listed": NOTHING}
    for of in (sources, {**sources, "explored": half, "later": third}):
        decision = decide(evidence(source=None, target=NOTHING, by_source=of), POLICY, "planned")
        assert isinstance(decision, Undecided)
        assert decision.requests_needed == 600


def test_clicks_in_lists_are_looked_at_from_a_hundred_users_on() -> None:
    assert LEAST_USERS == 100
    gross, better = paired(-0.4, -0.3), paired(0.02, 0.08)
    for users, kind in ((99, Promote), (100, Refuse)):
        listed = replace(gross, users=users, effective_users=float(users))
        assert isinstance(decide(evidence(by_source=by_source(better, better, listed)), POLICY, "planned"), kind)


def test_a_bound_at_the_limit_itself_is_allowed_by_a_guard_and_proves_no_gain() -> None:
    """In numbers that a computer holds exactly: the champion has .5, of which a quarter is .125."""
    policy = POLICY.model_copy(
        update={"max_diversity_drop": 0.25, "max_cost_ratio": 1.25, "min_gain": 0.125, "planned_gain": 0.25}
    )
    good = paired(0.25, 0.5)
    fine = evidence(target=good, by_source=by_source(good, good))
    for name, at, kind in (
        ("diversity", paired(-0.125, 0.0), Promote),
        ("diversity", paired(-0.25, 0.0), Undecided),
        ("diversity", paired(-0.25, -0.125), Undecided),
        ("diversity", paired(-0.5, -0.25), Refuse),
        ("cost", paired(0.0, 0.125), Promote),
        ("cost", paired(0.0, 0.25), Undecided),
        ("cost", paired(0.125, 0.25), Undecided),
        ("cost", paired(0.25, 0.5), Refuse),
    ):
        assert isinstance(decide(replace(fine, guards={**fine.guards, name: at}), policy, "planned"), kind)
    for target, kind in ((paired(0.125, 0.5), Undecided), (paired(0.0, 0.125), Undecided), (paired(-0.5, 0.0), Refuse)):
        assert isinstance(decide(evidence(target=target, by_source=by_source(target, good)), policy, "planned"), kind)
    for everything, kind in ((paired(0.125, 0.5), Undecided), (paired(0.1875, 0.5), Promote)):
        assert isinstance(decide(evidence(target=good, by_source=by_source(good, everything)), policy, "planned"), kind)


def test_a_guard_without_requests_says_nothing_and_an_unsure_one_asks_for_as_many_as_make_it_sure() -> None:
    assert isinstance(decide(evidence(guards=dict.fromkeys(evidence().guards, NOTHING)), POLICY, "planned"), Promote)
    policy = POLICY.model_copy(update={"max_cost_ratio": 1.25})
    unsure = paired(-0.0625, 0.1875)  # .0625 off the limit of .125 with a reach of .125: four times as many
    decision = decide(evidence(guards={**evidence().guards, "cost": unsure}), policy, "planned")
    assert isinstance(decision, Undecided)
    assert decision.requests_needed == 4 * unsure.requests - 600
    at_it = decide(evidence(guards={**evidence().guards, "cost": paired(0.0, 0.25)}), policy, "planned")
    assert isinstance(at_it, Undecided)
    assert at_it.requests_needed is None


def test_what_is_open_names_its_reasons_and_the_longest_of_what_is_needed() -> None:
    unsure = paired(-0.01, 0.06)
    faults = count_faults([("missing",)] * 2 + [()] * 498, 0.95)
    decision = decide(
        evidence(target=unsure, by_source=by_source(unsure, paired(0.02, 0.08)), faults=faults), POLICY, "planned"
    )
    assert isinstance(decision, Undecided)
    open_ones = [check for check in decision.checks if check.standing == "open"]
    assert [check.explanation for check in open_ones] == list(decision.reasons)
    assert decision.requests_needed == max(check.requests_needed or 0 for check in open_ones) - 600
