"""What the page of quality and cost draws: figures by day, whole or by part, with releases and alerts on the axis."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from components.quality.figures import Figures
from jobs.console.day_figures import DAY, DayOfFigures, read_days
from jobs.console.kept import Kept
from jobs.wiring.workbench import Workbench
from monitoring.alerting.digest import DIGEST

By = Literal["all", "segment", "release"]
Unit = Literal["", "share", "ms", "usd"]


@dataclass(frozen=True)
class Series:
    """Values by day, NaN where there is nothing to say."""

    label: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class Chart:
    """A few series of one unit."""

    key: str
    title: str
    unit: Unit
    series: tuple[Series, ...]


@dataclass(frozen=True)
class Mark:
    """Something that happened, `at` seconds since 1970: a release that went live, or an incident."""

    at: float
    kind: Literal["release", "alert"]
    label: str
    page: str


@dataclass(frozen=True)
class QualityPage:
    """Days (seconds since 1970, oldest first), charts over them, and marks in the same time."""

    days: tuple[DayOfFigures, ...]
    charts: tuple[Chart, ...]
    marks: tuple[Mark, ...]
    horizon: float
    by: By


def read_quality(bench: Workbench, kept: Kept, by: By, now: float) -> QualityPage:
    """Of the newest days that were summed up."""
    found = read_days(bench, kept, now)
    if not found.days:
        return QualityPage((), (), (), found.horizon, by)
    start = found.days[0].start
    charts = _whole(found.days) if by == "all" else _parts(found.days, by)
    return QualityPage(found.days, charts, _marks(bench, found.days, start), found.horizon, by)


def thousand(figures: Figures) -> float:
    """Dollars per 1,000 requests."""
    return 1000 * figures.cost_usd / figures.requests if figures.requests else float("nan")


def _whole(days: tuple[DayOfFigures, ...]) -> tuple[Chart, ...]:
    def line(label: str, value: Callable[[Figures], float]) -> Series:
        return Series(label, tuple(value(day.all) for day in days))

    return (
        Chart(
            "ndcg",
            "NDCG@10 over all requests",
            "",
            (
                line("all", lambda f: f.ndcg_all),
                *(
                    Series(name, tuple(day.segments[name].ndcg_all if name in day.segments else _NAN for day in days))
                    for name in _names(days, "segment")
                ),
            ),
        ),
        Chart(
            "clicks",
            "Clicks per item shown, and lists with a hit",
            "share",
            (line("CTR", lambda f: f.ctr), line("hit rate", lambda f: f.hit_rate)),
        ),
        Chart(
            "latency",
            "Latency",
            "ms",
            (
                line("p50", lambda f: f.latency_p50),
                line("p95", lambda f: f.latency_p95),
                line("p99", lambda f: f.latency_p99),
            ),
        ),
        Chart(
            "coverage",
            "Share of the catalogue shown",
            "share",
            (line("coverage", lambda f: f.coverage),),
        ),
        Chart(
            "answers",
            "Answers from the cache, by a language model, degraded",
            "share",
            (
                line("cache hits", lambda f: f.cache_hit_rate),
                Series("language model", tuple(day.llm_share for day in days)),
                line("degraded", lambda f: f.degraded_share),
            ),
        ),
        Chart("cost", "Dollars per 1,000 requests", "usd", (line("dollars", thousand),)),
        Chart(
            "requests",
            "Requests and users",
            "",
            (line("requests", lambda f: f.requests), line("users", lambda f: f.users)),
        ),
    )


def _parts(days: tuple[DayOfFigures, ...], by: Literal["segment", "release"]) -> tuple[Chart, ...]:
    wanted: tuple[tuple[str, str, Unit, Callable[[Figures], float]], ...] = (
        ("ndcg", "NDCG@10 over all requests", "", lambda f: f.ndcg_all),
        ("ctr", "Clicks per item shown", "share", lambda f: f.ctr),
        ("hits", "Lists with a hit", "share", lambda f: f.hit_rate),
        ("latency", "Latency p95", "ms", lambda f: f.latency_p95),
        ("coverage", "Share of the catalogue shown", "share", lambda f: f.coverage),
        ("cost", "Dollars per 1,000 requests", "usd", thousand),
        ("requests", "Requests", "", lambda f: f.requests),
    )
    names = _names(days, by)[-6:]
    return tuple(
        Chart(
            key,
            title,
            unit,
            tuple(Series(name, tuple(_of(_part(day, by), name, value) for day in days)) for name in names),
        )
        for key, title, unit, value in wanted
    )


def _names(days: tuple[DayOfFigures, ...], by: Literal["segment", "release"]) -> list[str]:
    """In the order in which they first came."""
    return list(dict.fromkeys(name for day in days for name in _part(day, by)))


def _part(day: DayOfFigures, by: Literal["segment", "release"]) -> Mapping[str, Figures]:
    return day.segments if by == "segment" else day.releases


def _of(part: Mapping[str, Figures], name: str, value: Callable[[Figures], float]) -> float:
    return value(part[name]) if name in part else _NAN


def _marks(bench: Workbench, days: tuple[DayOfFigures, ...], start: float) -> tuple[Mark, ...]:
    """Releases by when they went live, or, where that was only simulated, by the first day on which they answered."""
    went = [each for each in bench.store.facts.went_live() if each.at >= start]
    marks = [Mark(each.at, "release", each.release_id, f"/console/releases/{each.release_id}") for each in went]
    known = {each.release_id for each in bench.store.facts.went_live()}
    first: dict[str, float] = {}
    for day in days[1:]:
        for name in day.releases:
            first.setdefault(name, day.start)
    earlier = set(days[0].releases)
    marks += [
        Mark(at, "release", name, "/console/quality?by=release")
        for name, at in first.items()
        if name not in known and name not in earlier
    ]
    end = days[-1].start + DAY
    marks += [
        Mark(alert.opened_at, "alert", alert.rule, f"/console/alerts#a{alert.alert_id}")
        for alert in bench.store.alerts.since(start)
        if alert.rule != DIGEST and start <= alert.opened_at
    ]
    return tuple(sorted((mark for mark in marks if start <= mark.at <= end + DAY), key=lambda mark: mark.at))


_NAN = float("nan")
