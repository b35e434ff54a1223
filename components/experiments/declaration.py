"""What is fixed before an experiment starts: the contents of its file, and of its row in the store."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from components.experiments.allocation import Allocation
from components.experiments.assignment import VariantShares
from components.experiments.placement import INTERLEAVED, Design
from components.experiments.power import LEVEL, POWER, MinimumEffect

MetricName = Literal["ndcg_at_10", "hit_rate", "ctr", "clickers", "conversion", "revenue_per_user", "session_length"]
RATES: tuple[MetricName, ...] = ("clickers", "conversion")
"""Metrics that are whether a user did something."""
GuardrailName = Literal["latency_ms", "cost_usd", "errors"]
USUAL_GUARDRAILS: dict[GuardrailName, float] = {"latency_ms": 5.0, "cost_usd": 0.0, "errors": 0.005}
"""A tolerance of 0 forbids any worsening that is sure."""
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]


class DeclarationError(ValueError):
    """An experiment is not declared as it must be; the message names the field and what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VariantSpec(_Part):
    """One arm. What it leaves out is as in the release that is promoted.

    Attributes:
        share: of all users, above 0.
        model_version: of the registered model.
        prompt_version: of the registered prompt.
        policy: parameters of the policy by dotted path, such as {"routing.diversity.strength": 0.3}.
    """

    name: Name
    share: float = Field(gt=0, lt=1)
    model_version: int | None = Field(default=None, ge=1)
    prompt_version: int | None = Field(default=None, ge=1)
    policy: dict[str, Any] = {}

    @property
    def changes(self) -> tuple[object, ...]:
        """What sets it apart from the release."""
        return self.model_version, self.prompt_version, tuple(sorted((key, repr(v)) for key, v in self.policy.items()))


class Effect(_Part):
    """The smallest change worth finding: in the metric's unit, or as a share of its baseline."""

    size: float = Field(gt=0, allow_inf_nan=False)
    kind: Literal["absolute", "relative"] = "relative"


class Baseline(_Part):
    """What the primary metric is without the experiment: mean, standard deviation over users, and users a day."""

    mean: float = Field(allow_inf_nan=False)
    std: float = Field(gt=0, allow_inf_nan=False)
    users_per_day: float = Field(gt=0, allow_inf_nan=False)


class Declaration(_Part):
    """An experiment. The first variant is the control.

    Attributes:
        salt: of the assignment; the name, unless it is given.
        design: parallel, each user has one variant; or interleaved, each list is drafted from both, and what decides is
            which of them placed what people click.
        allocation: fixed, or top-two: the readings change the shares of new users to what tells most.
        reward_hours: with top-two, a user counts so long after their first exposure, by what they did until then.
        primary: the one metric that decides.
        test: read once when planned, or on any day.
        guardrails: what a winner must not make worse by more than this, in the metric's unit.
        segments: kinds of users that are shown apart; "history" is warm and cold.
        baseline: for planning; measured in the store where it is left out.
    """

    name: Name
    design: Design = "parallel"
    allocation: Allocation = "fixed"
    reward_hours: float = Field(default=24.0, gt=0, allow_inf_nan=False)
    variants: tuple[VariantSpec, ...] = Field(min_length=2)
    primary: MetricName
    test: Literal["fixed", "sequential"]
    minimum_effect: Effect
    power: float = Field(default=POWER, gt=0.5, lt=1)
    level: float = Field(default=LEVEL, gt=0, lt=0.5)
    guardrails: dict[GuardrailName, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = USUAL_GUARDRAILS
    segments: tuple[Literal["history"], ...] = ("history",)
    baseline: Baseline | None = None
    salt: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _variants_differ(self) -> Self:
        _ = self.split  # its own checks: names and shares
        changes = [variant.changes for variant in self.variants]
        if len(set(changes)) < len(changes):
            raise ValueError("variants: two of them are the same; give each another model_version or policy")
        if any(variant.name == INTERLEAVED for variant in self.variants):
            raise ValueError(f"variants: no variant is called {INTERLEAVED}, as lists of two are; give it another name")
        return self

    @model_validator(mode="after")
    def _two_share_a_list(self) -> Self:
        if self.design == "parallel":
            return self
        if len(self.variants) != 2 or self.variants[0].share != self.variants[1].share:
            raise ValueError("variants: two are interleaved, with a share of 0.5 each; others take design: parallel")
        if self.primary != "ctr":
            raise ValueError(
                f"primary: an interleaved list tells whose items are clicked, so ctr; for {self.primary} take design: "
                "parallel"
            )
        return self

    @model_validator(mode="after")
    def _adapts_to_a_rate(self) -> Self:
        if self.allocation == "fixed":
            return self
        if self.design != "parallel" or self.test != "sequential":
            raise ValueError(
                "allocation: top-two takes design: parallel and test: sequential, as it looks all the time"
            )
        if self.primary not in RATES:
            raise ValueError(f"primary: top-two goes by whether a user did it: {' or '.join(RATES)}")
        return self

    @property
    def split(self) -> VariantShares:
        """Names and shares."""
        return VariantShares(tuple(v.name for v in self.variants), tuple(v.share for v in self.variants))

    @property
    def effect(self) -> MinimumEffect:
        """The minimum effect."""
        return MinimumEffect(self.minimum_effect.size, self.minimum_effect.kind)

    @property
    def assignment_salt(self) -> str:
        """The salt, given or not."""
        return self.salt or self.name


def parse_declaration(value: object, where: str) -> Declaration:
    """The declaration in `value`, a parsed YAML document.

    Raises:
        DeclarationError: a field is missing, unknown or wrong; the message names `where` and the field.
    """
    if not isinstance(value, dict):
        raise DeclarationError(f"{where}: an experiment is a mapping with name, variants, primary, test, …")
    try:
        return Declaration.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise DeclarationError(f"{where}: {f'{field}: ' if field else ''}{message}") from error
