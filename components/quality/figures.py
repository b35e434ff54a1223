"""The figures that people read, from sums: rates, means and quantiles, by any grouping of requests."""

from __future__ import annotations

from dataclasses import dataclass

from components.quality.sketches import distinct, quantile
from components.quality.sums import Sums


@dataclass(frozen=True)
class Figures:
    """NaN where there is nothing to divide by.

    Attributes:
        ndcg_all: mean NDCG@10 over all requests, those without engagement counting 0.
        ndcg_engaged: over requests with a relevant item in the horizon.
        hit_rate: share of all requests with a relevant item in the list.
        ctr: clicks per item shown.
        conversion: share of requests followed by a purchase from the list.
        diversity: different categories in a list.
        coverage: share of the catalogue that was shown; about, see `sketches`.
        novelty: bits of self-information of an item shown.
        staleness: seconds since an item shown was last shown.
    """

    requests: float
    users: float
    ndcg_all: float
    ndcg_engaged: float
    hit_rate: float
    ctr: float
    conversion: float
    revenue: float
    diversity: float
    coverage: float
    novelty: float
    staleness: float
    engaged_share: float
    fallback_share: float
    degraded_share: float
    empty_share: float
    cache_hit_rate: float
    cost_usd: float
    latency_p50: float
    latency_p95: float
    latency_p99: float
    candidates_p95: float
    llm_p95: float


def figures(sums: Sums, n_items: int) -> Figures:
    """Figures of the group; `n_items` is the size of the catalogue."""
    requests, engaged, gain = (float(each.sum()) for each in (sums.requests, sums.engaged, sums.ndcg))
    return Figures(
        requests=requests,
        users=distinct(sums.users) if requests else 0.0,
        ndcg_all=_share(gain, requests),
        ndcg_engaged=_share(gain, engaged),
        hit_rate=_share(sums.hits, requests),
        ctr=_share(sums.clicks, sums.impressions),
        conversion=_share(sums.converted, requests),
        revenue=float(sum(sums.revenue.values())),
        diversity=_share(sums.categories, sums.lists),
        coverage=min(_share(distinct(sums.items), n_items), 1.0),
        novelty=_share(sums.bits, sums.known_items),
        staleness=_share(sums.age, sums.aged),
        engaged_share=_share(engaged, requests),
        fallback_share=_share(sums.fallback, requests),
        degraded_share=_share(sums.degraded, requests),
        empty_share=_share(sums.empty, requests),
        cache_hit_rate=_share(sums.cached, requests),
        cost_usd=sums.cost_usd,
        latency_p50=quantile(sums.latency, 0.5),
        latency_p95=quantile(sums.latency, 0.95),
        latency_p99=quantile(sums.latency, 0.99),
        candidates_p95=quantile(sums.candidates, 0.95),
        llm_p95=quantile(sums.llm, 0.95),
    )


def _share(part: float, whole: float) -> float:
    return part / whole if whole else float("nan")
