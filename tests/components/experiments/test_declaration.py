"""An experiment that is not declared as it must be is refused with the field and the reason."""

from __future__ import annotations

from typing import Any

import pytest

from components.experiments.declaration import DeclarationError, parse_declaration

GOOD: dict[str, Any] = {
    "name": "varied-lists",
    "variants": [
        {"name": "control", "share": 0.5},
        {"name": "varied", "share": 0.5, "policy": {"routing.diversity.strength": 0.3}},
    ],
    "primary": "ctr",
    "test": "sequential",
    "minimum_effect": {"size": 0.05},
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def test_a_declaration_says_everything_that_decides() -> None:
    found = parse_declaration(GOOD, "x.yaml")
    assert found.split.variants == ("control", "varied")
    assert (found.effect.kind, found.power, found.level) == ("relative", 0.8, 0.05)
    assert found.assignment_salt == "varied-lists"
    assert parse_declaration(found.model_dump(mode="json"), "again") == found


def test_an_interleaved_experiment_has_two_variants_alike_in_share_and_says_so_and_others_are_parallel() -> None:
    found = parse_declaration(changed(design="interleaved"), "x.yaml")
    assert found.design == "interleaved"
    assert parse_declaration(found.model_dump(mode="json"), "again") == found
    assert parse_declaration(GOOD, "x.yaml").design == "parallel"


VARIED = GOOD["variants"][1]
THIRD = {"name": "third", "share": 0.3, "model_version": 2}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "a mapping"),
        ({key: GOOD[key] for key in GOOD if key != "primary"}, "primary: Field required"),
        (changed(primary="clicks"), "primary: .*'ctr'"),
        (changed(test="bayes"), "test: "),
        (changed(colour="red"), "colour: Extra inputs"),
        (changed(name="Has Spaces"), "name: "),
        (changed(variants=[VARIED]), "variants: "),
        (changed(variants=[{"name": "a", "share": 0.5}, {**VARIED, "share": 0.6}]), "shares are positive and sum to 1"),
        (changed(variants=[{"name": "varied", "share": 0.5}, VARIED]), "different names"),
        (changed(variants=[{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5}]), "two of them are the same"),
        (changed(variants=[{"name": "a", "share": 0.5, "modle": 2}, VARIED]), "variants.0.modle"),
        (changed(minimum_effect={"size": 0}), "minimum_effect.size"),
        (changed(guardrails={"speed": 1.0}), "guardrails.speed"),
        (changed(guardrails={"latency_ms": -1.0}), "guardrails.latency_ms"),
        (changed(power=0.3), "power: "),
        (changed(allocation="top-two"), "primary: top-two goes by whether a user did it: clickers or conversion"),
        (changed(allocation="top-two", primary="clickers", test="fixed"), "test: sequential"),
        (changed(allocation="top-two", design="interleaved"), "design: parallel"),
        (changed(reward_hours=0), "reward_hours: "),
        (changed(design="multileaved"), "design: .*'interleaved'"),
        (changed(design="interleaved", primary="conversion"), "primary: .*for conversion take design: parallel"),
        (
            changed(design="interleaved", variants=[{"name": "a", "share": 0.4}, {**VARIED, "share": 0.3}, THIRD]),
            "two are interleaved",
        ),
        (
            changed(design="interleaved", variants=[{"name": "a", "share": 0.4}, {**VARIED, "share": 0.6}]),
            "a share of 0.5 each",
        ),
        (changed(variants=[{"name": "interleaved", "share": 0.5}, VARIED]), "give it another name"),
    ],
)
def test_a_wrong_field_is_named_with_the_file(value: object, said: str) -> None:
    with pytest.raises(DeclarationError, match=f"x.yaml: .*{said}"):
        parse_declaration(value, "x.yaml")
