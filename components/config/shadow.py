"""The section `shadow` of params.yaml: what a new prompt has to show, and what finding out may cost."""

from __future__ import annotations

from pydantic import Field

from components.config.section import Section


class Precheck(Section):
    """The first look at a prompt, before an evaluation is paid for.

    Attributes:
        requests: how many are tried, each in the given order and in a shuffled one.
        planted: how many more are tried with personal data planted in the profile.
        min_stability: Kendall's tau between the rankings of the same candidates in both orders, on average, from -1
            to 1; a reply that only repeats the order it was given has about 0.
    """

    requests: int = Field(ge=1)
    planted: int = Field(ge=1)
    min_stability: float = Field(ge=-1, le=1)


class LiveShadow(Section):
    """The shadow worker beside the service.

    Attributes:
        share: of the requests that the language model is asked about.
        concurrency: calls at once.
        daily_cap_usd: past it the worker pauses until the next day (UTC).
        poll_seconds: how often it looks for new requests.
    """

    share: float = Field(ge=0, le=1)
    concurrency: int = Field(ge=1)
    daily_cap_usd: float = Field(ge=0)
    poll_seconds: float = Field(gt=0)


class ShadowConfig(Section):
    """When a prompt is promoted, refused, or not decided yet.

    Attributes:
        sample_size: requests that the one planned read is made at.
        look_every: requests between looks before it, which may refuse and never promote.
        timeout_ms: how long a call is waited for, to learn how slow it is; one that is slower than its tier allows is
            a fault all the same.
        concurrency: calls at once in an evaluation of logged requests.
        lookback_hours: how old a logged request may be.
        budget_usd: what an evaluation of logged requests may cost, unless its run says otherwise.
        language: of explanations, as an ISO 639-1 code.
        max_per_user: requests of one user in the sample.
        horizon_hours: how long after a request what its user does still counts.
        attribution_minutes: within which a like of an item that a list showed is the list's, whatever the client says.
        min_gain: NDCG@10 that the challenger must be better by, with confidence.
        planned_gain: NDCG@10 that the plan finds with probability `power`.
        read_level: one-sided level of the planned read (bootstrap).
        sequential_level: one-sided level of all other reads together (confidence sequence). A prompt that is not
            better is promoted with probability at most the sum of the two.
        max_fault_rate: of replies; the upper bound at `fault_confidence` must be under it.
        max_explanation_fault_rate: of replies with explanations, in the same way.
        max_diversity_drop, max_spread_drop: share of the champion's that may be lost.
        max_cost_ratio, max_latency_ratio: of the challenger's mean to the champion's.
        max_listed_loss: share of the champion's NDCG by clicks in its own lists that may be lost. Those favour the
            champion, so only a gross loss refuses.
    """

    sample_size: int = Field(ge=1)
    look_every: int = Field(ge=1)
    timeout_ms: int = Field(ge=1)
    concurrency: int = Field(ge=1)
    lookback_hours: float = Field(gt=0)
    budget_usd: float = Field(ge=0)
    language: str
    max_per_user: int = Field(ge=1)
    horizon_hours: float = Field(gt=0)
    attribution_minutes: float = Field(ge=0)
    min_gain: float = Field(ge=0)
    planned_gain: float = Field(gt=0)
    power: float = Field(gt=0, lt=1)
    read_level: float = Field(gt=0, lt=0.5)
    sequential_level: float = Field(gt=0, lt=0.5)
    bootstrap_samples: int = Field(ge=100)
    max_fault_rate: float = Field(gt=0, lt=1)
    fault_confidence: float = Field(gt=0.5, lt=1)
    max_explanation_fault_rate: float = Field(gt=0, lt=1)
    max_diversity_drop: float = Field(ge=0, le=1)
    max_spread_drop: float = Field(ge=0, le=1)
    max_cost_ratio: float = Field(ge=1)
    max_latency_ratio: float = Field(ge=1)
    max_listed_loss: float = Field(ge=0, le=1)
    seed: int
    precheck: Precheck
    live: LiveShadow
