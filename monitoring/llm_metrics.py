"""Counts and times what the language model is asked, what comes back, what it costs, and whether its cache works."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from components.reranking.calls import CallRecord

SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
STATES = {"closed": 0, "half-opened": 1, "opened": 2}


class LlmMetrics:
    """`components.reranking.calls.Observer`; labels are tiers of params and kinds of ours, never what anybody sent."""

    def __init__(self, registry: CollectorRegistry, tiers: Sequence[str]) -> None:
        self._asked = Counter("recops_llm_asked", "Requests by what the policy says.", ("reason",), registry=registry)
        self._fates = Counter("recops_llm_requests", "Requests asked about, by fate.", ("fate",), registry=registry)
        self._turns = Counter(
            "recops_llm_turns",
            "Messages of conversations that a model was to lead, by fate.",
            ("fate",),
            registry=registry,
        )
        self._calls = Counter("recops_llm_calls", "Calls by outcome.", ("tier", "outcome"), registry=registry)
        self._seconds = Histogram(
            "recops_llm_call_seconds", "Time of a call.", ("tier",), buckets=SECONDS, registry=registry
        )
        self._tokens = Counter("recops_llm_tokens", "Tokens by kind.", ("tier", "kind"), registry=registry)
        self._cost = Counter("recops_llm_cost_usd", "Dollars for calls.", ("tier",), registry=registry)
        self._repairs = Counter("recops_llm_repairs", "Mistakes in replies.", ("kind",), registry=registry)
        self._cache = Counter(
            "recops_llm_prompt_cache",
            "Calls by what the model's cache did: read, written, missed (asked for, and neither), off.",
            ("tier", "result"),
            registry=registry,
        )
        self._breaker = Gauge(
            "recops_llm_breaker_state", "0 closed, 1 half-open, 2 open.", ("tier",), registry=registry
        )
        self._changes = Counter(
            "recops_llm_breaker_changes",
            "Changes of a breaker, by its new state.",
            ("tier", "state"),
            registry=registry,
        )
        for tier in tiers:
            self._cost.labels(tier)

    def decided(self, reason: str | None) -> None:
        """The policy has decided about a request; None skips the model."""
        self._asked.labels(reason or "skipped").inc()

    def ended(self, fate: str) -> None:
        """A request that was asked about got its order ("reranked"), or kept its own for this reason."""
        self._fates.labels(fate).inc()

    def led(self, fate: str) -> None:
        """A turn of a conversation was led by a model ("led"), or by the built-in reader for this reason."""
        self._turns.labels(fate).inc()

    def called(self, record: CallRecord, asked_to_cache: bool) -> None:
        """A call has ended."""
        tier, usage = record.tier, record.usage
        self._calls.labels(tier, record.outcome).inc()
        self._seconds.labels(tier).observe(record.latency_ms / 1000)
        self._cost.labels(tier).inc(record.cost_usd)
        kinds = {"input": usage.input, "output": usage.output}
        kinds |= {"cache_read": usage.cache_read, "cache_write": usage.cache_write}
        for kind, count in kinds.items():
            self._tokens.labels(tier, kind).inc(count)
        if not asked_to_cache:
            result = "off"
        else:
            result = "read" if usage.cache_read else "written" if usage.cache_write else "missed"
        self._cache.labels(tier, result).inc()

    def repaired(self, kind: str, times: int) -> None:
        """A mistake in a reply was mended, or a reason dropped."""
        self._repairs.labels(kind).inc(times)

    def breaker_changed(self, tier: str, state: str) -> None:
        """A breaker is in a new state, or has begun."""
        self._breaker.labels(tier).set(STATES[state])
        self._changes.labels(tier, state).inc()
