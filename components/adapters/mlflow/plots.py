"""Draws the pictures of an evaluation that people look at in MLflow: quality by activity, coverage, scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.adapters.mlflow.figure import make_figure
from components.config.evaluate import EvaluateConfig
from components.metrics.bootstrap import Interval, mean_interval

if TYPE_CHECKING:
    import pandas as pd

MODEL, POPULARITY, FAINT = "#1f5fa8", "#d9822b", "#8a8f98"
GROUPS = 6
QUALITY, COVERAGE, SCORES = "quality_by_activity.png", "coverage.png", "score_distribution.png"
IMPORTANCES, FEATURES_SHOWN = "feature_importances.png", 25


def draw_pictures(evaluation: Path, to: Path, config: EvaluateConfig, subject: str) -> None:
    """Writes PNG files into `to` from the tables in `evaluation`, an output of the stage `evaluate`.

    There are three, and one of the features of the learned ranker where one ranks.

    `subject` names what was evaluated, such as "lightfm on data-v3", and stands in every title.
    """
    import pandas as pd

    to.mkdir(parents=True, exist_ok=True)
    per_user = pd.read_parquet(evaluation / "per_user.parquet")
    _draw_quality(per_user, config, subject).savefig(to / QUALITY)
    _draw_coverage(pd.read_parquet(evaluation / "item_exposure.parquet"), config, subject).savefig(to / COVERAGE)
    _draw_scores(pd.read_parquet(evaluation / "scores.parquet"), subject).savefig(to / SCORES)
    features = evaluation / "feature_importances.parquet"
    if features.is_file():
        _draw_importances(pd.read_parquet(features), subject).savefig(to / IMPORTANCES)


def activity_groups(n_train: NDArray[np.integer], groups: int = GROUPS) -> list[tuple[int, int, NDArray[np.bool_]]]:
    """Users in at most `groups` groups of about equal size by activity: least, most, and which users (a mask).

    Users with equal activity are in the same group; without users there is no group.
    """
    if not len(n_train):
        return []
    edges = np.unique(np.quantile(n_train, np.linspace(0, 1, groups + 1)[1:], method="inverted_cdf"))
    place = np.searchsorted(edges, n_train)
    masks = [place == group for group in range(len(edges))]
    return [(int(n_train[mask].min()), int(n_train[mask].max()), mask) for mask in masks]


def _draw_quality(per_user: pd.DataFrame, config: EvaluateConfig, subject: str) -> Any:
    metric = f"ndcg_at_{config.k}"
    groups = activity_groups(per_user["n_train"].to_numpy())
    figure, axes = _figure(f"Quality by activity: {subject}")
    for name, column, colour, shift in (
        ("model", metric, MODEL, -0.06),
        ("popularity", f"popularity_{metric}", POPULARITY, 0.06),
    ):
        values = per_user[column].to_numpy()
        rng = np.random.default_rng(config.seed)
        intervals = [
            mean_interval(values[mask], rng, config.bootstrap_samples, config.confidence) for _, _, mask in groups
        ]
        label = f"{name}: {values.mean():.3f} over all {len(values)} users"
        axes.errorbar(
            np.arange(len(groups)) + shift,
            [interval.mean for interval in intervals],
            yerr=_reach(intervals),
            color=colour,
            label=label,
            marker="o",
            capsize=3,
            linewidth=1.6,
        )
    ticks = [
        f"{low}–{high}\n{mask.sum()} users" if low < high else f"{low}\n{mask.sum()} users"
        for low, high, mask in groups
    ]
    axes.set_xticks(np.arange(len(groups)), ticks)
    axes.set_xlabel("interactions of the user in training")
    axes.set_ylabel(f"NDCG@{config.k}, with {config.confidence:.0%} intervals")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def _draw_coverage(items: pd.DataFrame, config: EvaluateConfig, subject: str) -> Any:
    recommended, interactions = items["recommended"].to_numpy(), items["interactions"].to_numpy()
    shown = int((recommended > 0).sum())
    figure, axes = _figure(f"Coverage: {subject}")
    for name, counts, colour in (
        (f"of the top {config.k} recommended to all users", recommended, MODEL),
        ("of the interactions in training", interactions, FAINT),
    ):
        ordered = np.sort(counts[counts > 0])[::-1]
        share = np.cumsum(ordered) / max(ordered.sum(), 1)
        axes.plot(np.arange(1, len(ordered) + 1), share, color=colour, label=name, linewidth=2)
    axes.axvline(max(shown, 1), color=MODEL, linewidth=1, linestyle=":")
    axes.annotate(
        f"{shown:,} of {len(items):,} items ({shown / max(len(items), 1):.1%})\nare recommended to anyone",
        xy=(max(shown, 1), 0.04),
        xytext=(-8, 0),
        textcoords="offset points",
        ha="right",
        color=MODEL,
    )
    axes.set_xscale("log")
    axes.set_xlim(1, max(len(items), 2))
    axes.set_ylim(0, 1.02)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("items, most frequent first (logarithmic)")
    axes.set_ylabel("share that these items make up")
    axes.legend(frameon=False, loc="upper left", title="Share …", alignment="left")
    return figure


def _draw_scores(scores: pd.DataFrame, subject: str) -> Any:
    figure, axes = _figure(f"Scores of recommended items: {subject}")
    edges = np.histogram_bin_edges(scores["score"], bins=40)
    for name, chosen, colour in (("misses", ~scores["hit"], FAINT), ("hits", scores["hit"], MODEL)):
        values = scores["score"][chosen].to_numpy()
        if not len(values):
            continue
        label = f"{len(values):,} {name}, median {np.median(values):.2f}"
        weights = np.full(len(values), 1 / len(values))
        axes.hist(values, bins=edges, weights=weights, color=colour, alpha=0.35)
        axes.hist(values, bins=edges, weights=weights, color=colour, histtype="step", linewidth=1.6, label=label)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel("score of the model")
    axes.set_ylabel("share of the hits, or of the misses")
    axes.legend(frameon=False)
    return figure


def _draw_importances(features: pd.DataFrame, subject: str) -> Any:
    shown = features.head(FEATURES_SHOWN)[::-1]
    figure, axes = _figure(f"What the ranker looks at: {subject}")
    figure.set_size_inches(7.5, 1.4 + 0.22 * len(shown))
    axes.barh(shown["feature"], shown["share"], color=MODEL)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
    axes.set_xlabel(f"share in the gain of all splits, the first {len(shown)} of {len(features)} features")
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", labelsize=8)
    return figure


def _figure(title: str) -> tuple[Any, Any]:
    figure, axes = make_figure("y")
    axes.set_title(title, loc="left", fontweight="bold")
    return figure, axes


def _reach(intervals: list[Interval]) -> NDArray[np.float64]:
    """How far each interval reaches below and above its mean, (2, n)."""
    below = [interval.mean - interval.low for interval in intervals]
    above = [interval.high - interval.mean for interval in intervals]
    reach: NDArray[np.float64] = np.maximum(np.array([below, above], np.float64), 0)
    return reach
