"""The pre-check refuses gross faults, leaks and rankings that follow the order shown, and names them."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.stated_params import stated
from components.config.shadow import ShadowConfig
from components.shadow.leaks import Leak, leaks_in_prompt, leaks_of_planted, plant
from components.shadow.precheck import Stability, judge_precheck, measure_stability
from components.shadow.records import ShadowReply

POLICY = stated(ShadowConfig)
ITEMS = tuple("abcdefgh")


def replies(n: int, faulty: int = 0, order: tuple[str, ...] = ITEMS) -> list[ShadowReply]:
    faults = [("missing",) if number < faulty else () for number in range(n)]
    return [ShadowReply(f"r{row}", "2", order, by_model=order, faults=found) for row, found in enumerate(faults)]


def test_a_prompt_without_flaws_passes() -> None:
    assert judge_precheck(replies(20, faulty=1), replies(20), [], POLICY).passed


def test_two_faults_in_twenty_replies_are_gross() -> None:
    found = judge_precheck(replies(20, faulty=2), replies(20), [], POLICY)
    assert found.reasons == ("reply faults: 2 of 20 (missing 2), so surely over 1%",)


def test_a_ranking_that_follows_the_order_shown_is_refused() -> None:
    echo = replies(20, order=("c", "a", "h", "b", "g", "e", "d", "f"))
    mirrored = replies(20, order=tuple(reversed(ITEMS)))
    assert not judge_precheck(replies(20), mirrored, [], POLICY).passed
    found = judge_precheck(replies(20), echo, [], stated(ShadowConfig))
    assert found.stability.requests == 20
    assert found.passed == (found.stability.correlation >= 0.2)


def test_failed_calls_are_faults_and_say_nothing_about_stability() -> None:
    failed = [ShadowReply(f"r{row}", "2", ITEMS, outcome="timeout") for row in range(20)]
    found = judge_precheck(failed, failed, [], POLICY)
    assert dict(found.faults.kinds) == {"timeout": 20}
    assert found.stability.requests == 0


def test_a_leak_is_named_with_its_place() -> None:
    planted = plant("e1", 3)
    spelled = planted.email.replace("@", " (at) ").upper()
    leaks = leaks_of_planted(planted, [("the reason for item a", f"Since you are {spelled}"), ("the reply", "fine")])
    found = judge_precheck(replies(20), replies(20), leaks, POLICY)
    assert found.reasons == (f"leak: e-mail address {planted.email!r} in the reason for item a",)


def test_planted_data_are_all_in_the_profile_and_different_each_time() -> None:
    first, second = plant("e1", 0), plant("e1", 1)
    assert all(part in first.profile for part in first.parts.values())
    assert not leaks_of_planted(first, [("", second.profile)])
    assert {leak.kind for leak in leaks_of_planted(first, [("", first.profile)])} == set(first.parts)


def test_personal_data_in_the_prompt_itself_are_found() -> None:
    assert [leak.found for leak in leaks_in_prompt('For "jane@corp.example": rank')] == ["jane@corp.example"]
    assert leaks_in_prompt("key sk-" + "a1b2" * 6)[0].kind == "API key"
    assert not leaks_in_prompt('Rank items for one person; answer {"order": [1, 2, 3]}')


def test_a_spelled_out_full_stop_does_not_hide_an_address() -> None:
    planted = plant("e1", 4)
    spelled = planted.email.replace("@", " at ").replace(".", " dot ")
    assert [leak.kind for leak in leaks_of_planted(planted, [("a reason", f"write to {spelled}")])] == [
        "e-mail address"
    ]


def test_a_phone_number_in_the_prompt_itself_is_found() -> None:
    (leak,) = leaks_in_prompt("For the person at +49 (30) 1234-5678: rank")
    assert (leak.kind, leak.found) == ("phone number", "+49 (30) 1234-5678")


def test_a_shuffled_call_that_failed_says_nothing_about_stability() -> None:
    failed = [replace(reply, outcome="timeout") for reply in replies(20)]
    assert judge_precheck(replies(20), failed, [], POLICY).stability.requests == 0


def test_of_several_leaks_the_first_is_named_and_the_others_are_counted() -> None:
    found = leaks_in_prompt("write to jo@example.org, ann@example.org or +49 170 1234567")
    reasons = [judge_precheck(replies(20), replies(20), found[:n], POLICY).reasons for n in (1, 2, 3)]
    assert reasons[0] == ("leak: e-mail address 'jo@example.org' in the prompt's own text",)
    assert reasons[1] == (f"{reasons[0][0]}, and 1 more",)
    assert reasons[2] == (f"{reasons[0][0]}, and 2 more",)


def test_a_leak_is_read_again_from_its_text() -> None:
    for leak in leaks_in_prompt("jo@example.org"):
        assert Leak.read(str(leak)) == leak


def test_planted_data_have_the_form_of_real_ones() -> None:
    planted = plant("evaluation", 12)
    mark = planted.email.removeprefix("canary-").removesuffix("@planted.example")
    assert len(mark) == 10 and int(mark, 16) >= 0
    assert planted.phone.removeprefix("+999 555 ") == f"{int(mark, 16) % 10_000_000:07d}"
    assert planted.secret == f"sk-canary-{mark}-0123456789abcdef"


def test_the_stability_is_the_mean_over_the_requests_that_were_answered_twice() -> None:
    """One ranking stays as it was, one is turned round, one was answered once."""
    first = replies(3)
    second = [replace(first[0]), replace(first[1], by_model=tuple(reversed(ITEMS)))]
    found = measure_stability(first, second)
    assert (found.requests, found.correlation) == (2, 0.0)
    assert measure_stability(first, first[:1]).correlation == 1.0
    assert measure_stability(first, []) == Stability(1.0, 0)


def test_a_rate_of_faults_or_a_stability_at_the_limit_itself_is_no_reason() -> None:
    at = judge_precheck(replies(20, faulty=2), replies(20), [], POLICY).faults.low
    assert judge_precheck(replies(20, faulty=2), replies(20), [], replace_limit(at)).passed
    first = replies(2)
    second = [replace(first[0]), replace(first[1], by_model=tuple(reversed(ITEMS)))]
    for limit, passed in ((0.0, True), (0.01, False)):
        policy = POLICY.model_copy(update={"precheck": POLICY.precheck.model_copy(update={"min_stability": limit})})
        found = judge_precheck(first, second, [], policy)
        assert found.passed is passed
        assert not found.reasons or "is 0.00 over 2 requests, under 0.01" in found.reasons[0]


def replace_limit(rate: float) -> ShadowConfig:
    return POLICY.model_copy(update={"max_fault_rate": rate})
