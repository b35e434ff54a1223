"""Whole evaluations of prompts, on a real event store and against a server that speaks the Messages API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.shadow_world import Habits, Skill
from benchmarks.stated_params import stated
from components.adapters.store.llm.evaluations import StoredEvaluation
from components.config.shadow import Precheck
from components.shadow.decision import Promote, Refuse, Undecided
from jobs.prompts.evaluation import ComparedPrompts, EvaluationRequest, Finding, conclude, find_evaluation
from jobs.prompts.report import make_report
from tests.messages_server import Says, messages_server
from tests.shadow_log import Logged, log_world, pair, prompt_text

SMALL = {"precheck": stated(Precheck, requests=5, planted=2)}


def evaluate(
    logged: Logged, size: int, both: ComparedPrompts | None = None, budget: float = 10.0
) -> tuple[Finding, StoredEvaluation, int]:
    """Runs the evaluation of the pair, on the server; also how often that was asked."""
    both = both or pair()
    evaluation, _ = find_evaluation(logged.store, EvaluationRequest(challenger=2), both, "scripted", size)
    with messages_server(logged.script()) as server:
        finding = logged.evaluator(server.url).run(evaluation, both, budget)
        asked = len(server.requests)
    conclude(logged.store, finding)
    return finding, logged.store.get(evaluation.evaluation_id), asked


@pytest.mark.slow
def test_a_much_better_prompt_is_promoted_at_the_planned_read(tmp_path: Path) -> None:
    logged = log_world(tmp_path, 310, Skill(0.1), Habits(), look_every=100, max_fault_rate=0.02)
    finding, stored, asked = evaluate(logged, 300)
    assert isinstance(finding.decision, Promote), finding.reasons
    assert (stored.state, stored.decision, stored.planned_read) == ("over", "Promote", True)
    # Champion and challenger once each; 20 in another order and 5 with planted data.
    assert asked == 2 * 300 + 20 + 5
    assert finding.evidence.source == "later"
    report = make_report(finding, finding_tier(logged), 5, 1)
    assert len(report.different) == 10
    assert report.different[0].agreement <= report.different[-1].agreement


def finding_tier(logged: Logged):  # type: ignore[no-untyped-def]
    return logged.live.control.llm.tiers[0]


def test_an_evaluation_that_reaches_its_budget_goes_on_later_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    logged = log_world(tmp_path, 60, Skill(1.0), Habits())
    with messages_server(logged.script()) as server:
        evaluation, _ = find_evaluation(logged.store, EvaluationRequest(challenger=2), pair(), "scripted", 40)
        finding = logged.evaluator(server.url).run(evaluation, pair(), 0.003)
        first = len(server.requests)
        conclude(logged.store, finding)
        assert isinstance(finding.decision, Undecided)
        assert finding.stopped is not None
        assert "budget" in finding.stopped
        again, nth = find_evaluation(logged.store, EvaluationRequest(challenger=2), pair(), "scripted", 40)
        assert (again.evaluation_id, nth) == (evaluation.evaluation_id, 1)
        finding = logged.evaluator(server.url).run(again, pair(), 10.0)
        assert finding.stopped is None
        assert finding.evidence.cases == 40
        unhurried = logged.store.spent_usd(evaluation.evaluation_id)
        told = [request["messages"][0]["content"] + request["system"][0]["text"] for request in server.requests]
    assert 0 < first < len(told) == 2 * 40 + 20 + 5
    assert len(set(told)) == len(told)
    assert unhurried > 0.003


def test_a_killed_evaluation_pays_for_no_request_twice(tmp_path: Path) -> None:
    """What was under way when the process died is counted as paid, and not asked again."""
    logged = log_world(tmp_path, 60, Skill(1.0), Habits(), **SMALL)
    evaluation, _ = find_evaluation(logged.store, EvaluationRequest(challenger=2), pair(), "scripted", 30)
    lost = [f"r{number}" for number in range(60)]
    assert all(logged.store.claim(evaluation.evaluation_id, name, "2", "scripted", 0.001) for name in lost[:4])
    with messages_server(logged.script()) as server:
        finding = logged.evaluator(server.url).run(evaluation, pair(), 10.0)
        asked = [request for request in server.requests if "Script 2" in str(request["system"])]
    told = [request["messages"][0]["content"] for request in asked]
    asked_again = [text for text in told for name in lost[:4] if f"asks for: {name}\n" in text]
    assert len(asked_again) <= 4 + 2  # in another order, or with planted data; never plainly
    assert finding.evidence.cases <= 30
    assert logged.store.under_way(evaluation.evaluation_id, "2") == lost[:4]


def test_a_prompt_that_makes_the_model_repeat_personal_data_is_refused_by_name(tmp_path: Path) -> None:
    logged = log_world(tmp_path, 40, Skill(0.2), Habits())
    both = pair(prompt_text("2", "Begin each reason with what the person says about themselves."))
    plain = logged.script()

    def obeys(body: dict, n: int) -> Says:  # type: ignore[type-arg]
        user = body["messages"][0]["content"]
        if "Begin each reason" in str(body["system"]) and "says: " in user:
            said = user.split("says: ", 1)[1].split("\n", 1)[0]
            return Says(json.dumps({"order": list(range(1, 11)), "reasons": [f"You say: {said}"]}))
        return plain(body, n)  # type: ignore[return-value]

    evaluation, _ = find_evaluation(logged.store, EvaluationRequest(challenger=2), both, "scripted", 30)
    with messages_server(obeys) as server:
        finding = logged.evaluator(server.url).run(evaluation, both, 10.0)
        asked = len(server.requests)
    assert isinstance(finding.decision, Refuse)
    assert finding.reasons[0].startswith("leak: e-mail address 'canary-")
    assert "@planted.example' in the reply to request r" in finding.reasons[0]
    assert asked == 5  # nothing else was paid for
    with messages_server(plain) as server:
        resumed = logged.evaluator(server.url).run(evaluation, both, 10.0)
        assert len(server.requests) == 0
        assert resumed.reasons[0].startswith("leak: e-mail address 'canary-")


def test_a_prompt_with_a_real_address_in_its_examples_costs_nothing(tmp_path: Path) -> None:
    logged = log_world(tmp_path, 20, Skill(0.2), Habits())
    finding, stored, asked = evaluate(logged, 20, pair(prompt_text("2", "For jane@corp.example the answer is 3.")))
    assert asked == 0
    assert finding.reasons == ("leak: e-mail address 'jane@corp.example' in the prompt's own text",)
    assert (stored.state, stored.decision) == ("over", "Refuse")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("challenger", "habits", "size", "allowed", "named"),
    [
        (Skill(1.0), Habits(), 580, (Refuse, Undecided), ""),
        (Skill(0.5), Habits(), 580, (Promote,), ""),
        (Skill(1.6), Habits(), 580, (Refuse,), "NDCG@10"),
        (Skill(0.2, faulty=0.03), Habits(), 500, (Refuse,), "reply faults"),
        (Skill(0.2), Habits(later=0.0, clicks=0.3), 580, (Undecided,), "unbiased ground truth"),
    ],
    ids=["equal", "better", "worse", "faulty", "clicks alone"],
)
def test_each_condition_ends_as_it_should(
    tmp_path: Path, challenger: Skill, habits: Habits, size: int, allowed: tuple[type, ...], named: str
) -> None:
    logged = log_world(tmp_path, size + 20, challenger, habits, seed=3)
    finding, _, _ = evaluate(logged, size)
    print(type(finding.decision).__name__, finding.reasons)
    assert isinstance(finding.decision, allowed)
    assert any(named in reason for reason in finding.reasons)
