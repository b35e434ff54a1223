"""The tables behind the pictures of an evaluation: quality by activity, coverage, distribution of scores."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BINS = 30


def quality_by_activity(per_user: pd.DataFrame, model: str, popularity: str, groups: int = 8) -> pd.DataFrame:
    """Mean of the columns `model` and `popularity` over users of about equal activity (`n_train`), least active first.

    Columns: n_train (mean of the group), users, and the two. Fewer groups come out when users are few or alike.
    """
    group = pd.qcut(per_user["n_train"], min(groups, len(per_user)), labels=False, duplicates="drop")
    # One distinct value leaves qcut without an interval; such users are one group.
    by_group = per_user.groupby(group.fillna(0))
    means = by_group[["n_train", model, popularity]].mean()
    means.insert(1, "users", by_group.size())
    return means.reset_index(drop=True)


def quality_by_history(by_history: pd.DataFrame) -> pd.DataFrame:
    """Mean quality by length of history, of the table `tables.by_history`.

    Columns: interactions, strangers and changed users (mean NDCG, missing where there were none), and popularity's for
    the strangers.
    """
    quality = by_history.groupby(["group", "n"])[["ndcg", "popularity_ndcg"]].mean()
    means = pd.DataFrame(quality.unstack("group"))
    columns = {
        "strangers": ("ndcg", "stranger"),
        "changed": ("ndcg", "changed"),
        "popularity": ("popularity_ndcg", "stranger"),
    }
    found = {name: means[column] if column in means.columns else np.nan for name, column in columns.items()}
    return pd.DataFrame(found, index=means.index).rename_axis("interactions").reset_index()


def coverage_curve(exposures: NDArray[np.integer], points: int = 200) -> pd.DataFrame:
    """Which share of all recommendations (`recommendations`) falls on which share of the catalogue (`catalogue`).

    The most shown items come first; a curve that hugs the left edge means that few items get everything.
    """
    ordered = np.sort(exposures)[::-1]
    total = max(int(ordered.sum()), 1)
    shares = np.concatenate([[0.0], np.cumsum(ordered) / total])
    at = np.unique(np.linspace(0, len(ordered), min(points, len(ordered)) + 1).astype(int))
    return pd.DataFrame({"catalogue": at / max(len(ordered), 1), "recommendations": shares[at]})


def score_distribution(scores: pd.DataFrame) -> pd.DataFrame:
    """Histogram of the recommended items' scores, hits apart from misses.

    `scores` has the columns `score` and `hit`. Columns: score (middle of the bin), hits and misses (densities, so that
    few hits can be compared with many misses; 0 where there are none).
    """
    edges = np.histogram_bin_edges(scores["score"], bins=BINS)
    width = np.diff(edges)
    table = {"score": (edges[:-1] + edges[1:]) / 2}
    for name, chosen in (("hits", scores["hit"]), ("misses", ~scores["hit"])):
        counts, _ = np.histogram(scores["score"][chosen], bins=edges)
        table[name] = counts / (max(int(counts.sum()), 1) * width)
    return pd.DataFrame(table)
