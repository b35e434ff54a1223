"""The table of rules, as data: which figure, against what, how bad, whose, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

RULES = Path(__file__).parent / "rules.yaml"

Severity = Literal["info", "warning", "critical"]
Pace = Literal["fast", "outcome"]


class RulesError(Exception):
    """rules.yaml says something it may not; the message names the rule and the key."""


class Rule(BaseModel):
    """One rule; see the head of rules.yaml.

    Attributes:
        pace: fast rules are judged on the last minutes, outcome rules once the horizon of a window is over.
        counts: the figure that `min_requests` is held against.
        needs: a fact without which the rule does not apply.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9_]+$")
    pace: Pace
    check: Literal["quality_drop", "above", "below", "falls"]
    figure: str
    limit: float
    critical: float | None = None
    unit: str = ""
    min_requests: int = Field(ge=0)
    counts: str = "requests"
    severity: Severity
    owner: str
    runbook: str = Field(pattern=r"^[a-z-]+\.md$")
    answer: Literal["retrain", "none"] = "none"
    needs: str | None = None


def rules_of(pace: Pace, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """Those of this pace, in their order."""
    return tuple(rule for rule in rules if rule.pace == pace)


def read_rules(path: Path = RULES) -> tuple[Rule, ...]:
    """The rules of the file, in its order.

    Raises:
        RulesError: the file is not YAML, a rule has a wrong or unknown key, or two rules have one name.
    """
    try:
        rows = yaml.safe_load(path.read_text())["rules"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise RulesError(f"{path}: it must be YAML with a list `rules`: {error}") from error
    rules = []
    for place, row in enumerate(rows, start=1):
        try:
            rules.append(Rule.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            name = row.get("name", place) if isinstance(row, dict) else place
            raise RulesError(f"{path}: rule {name}: {key}: {first['msg']}") from error
    names = [rule.name for rule in rules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise RulesError(f"{path}: two rules are named {twice[0]}; give one another name")
    return tuple(rules)
