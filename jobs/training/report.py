"""Says in one line and in Markdown what came of a retraining."""

from __future__ import annotations

from collections.abc import Mapping

from components.rollout.gate import Passed
from jobs.training.retrain import JudgedModel, NothingNew

GROUPS = (("all users", ""), ("warm", "warm_"), ("cold", "cold_"))
METRICS = ("ndcg", "recall", "hit_rate", "popularity_ndcg")


def tell(outcome: JudgedModel | NothingNew) -> str:
    """One line for the log and the state of the run."""
    version = outcome.version.version
    if not isinstance(outcome, JudgedModel):
        return f"neither data, code nor parameters changed since {outcome.run.tag}, which is version {version}"
    if isinstance(outcome.verdict, Passed):
        return f"version {version} passed the gate and is challenger"
    return f"version {version} was refused: {outcome.verdict.reason}"


def describe(outcome: JudgedModel) -> str:
    """The verdict, its checks, the metrics as a table, and where everything comes from."""
    passed = isinstance(outcome.verdict, Passed)
    verdict = "passed the gate and is challenger" if passed else "was refused by the gate"
    params = outcome.run.params
    checks = [f"- {'✓' if check.passed else '✗'} {check.explanation}" for check in outcome.verdict.checks]
    if outcome.champion_note:
        checks.append(f"- {outcome.champion_note}")
    lineage = {
        "pipeline run": outcome.run.tag,
        "data": params.data.version,
        "recommender": params.train.recommender.kind,
        "bundle md5": outcome.run.bundle_md5,
        "code": outcome.version.tags["project_commit"],
        "coverage": _number(outcome.run.metrics, "coverage"),
        "novelty (bits)": _number(outcome.run.metrics, "novelty"),
        "trained on our own feedback": f"{outcome.data.manifest.events} interactions",
        "trained on what we had shown": f"{outcome.data.manifest.own_share:.2%} of the interactions",
    }
    return "\n".join(
        [
            f"# Version {outcome.version.version} {verdict}",
            "",
            *checks,
            "",
            *_quality(outcome.run.metrics, params.evaluate.k),
            "",
            "| | |",
            "|---|---|",
            *(f"| {name} | {value} |" for name, value in lineage.items()),
            "",
        ]
    )


def _quality(metrics: Mapping[str, float], k: int) -> list[str]:
    rows = ["| | users | " + " | ".join(f"{name}@{k}" for name in METRICS) + " |", "|---" * (2 + len(METRICS)) + "|"]
    for title, prefix in GROUPS:
        if not (users := metrics.get(f"n_{prefix}users", 0)):
            continue
        cells = [_with_interval(metrics, f"{prefix}{name}_at_{k}") for name in METRICS]
        rows.append(f"| {title} | {users:.0f} | " + " | ".join(cells) + " |")
    return rows


def _with_interval(metrics: Mapping[str, float], name: str) -> str:
    low, high = _number(metrics, f"{name}_low"), _number(metrics, f"{name}_high")
    return f"{_number(metrics, name)} ({low}–{high})"


def _number(metrics: Mapping[str, float], name: str) -> str:
    return f"{metrics[name]:.4f}" if name in metrics else "–"
