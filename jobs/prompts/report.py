"""Publishes what an evaluation has found: page, MLflow run, alias."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from components.adapters.mlflow.evaluations import EvaluationRecord, log_evaluation
from components.adapters.mlflow.registry import CHALLENGER
from components.config.llm import Tier
from components.shadow.decision import Promote, Refuse
from components.shadow.page import render_page
from components.shadow.report import EvaluationReport, Labels, most_different
from jobs.prompts.evaluation import Finding
from jobs.wiring.workbench import Workbench


@dataclass(frozen=True)
class Published:
    """Where the outcome is: `page` on this machine, and in the MLflow run."""

    page: Path
    run_id: str
    url: str


def publish(bench: Workbench, finding: Finding, tier: Tier, cold_below: int, nth: int) -> Published:
    """Writes the page, logs the run, and moves the alias: to a prompt that passed, away from one that was refused."""
    registry, mlflow_url = bench.prompts, bench.settings.mlflow_url
    report = make_report(finding, tier, cold_below, nth)
    page = render_page(report)
    spec = finding.evaluation.spec
    path = bench.settings.root / "evaluations" / f"{finding.evaluation.evaluation_id}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page)
    path.with_suffix(".json").write_text(json.dumps([asdict(each) for each in report.different]))
    record = EvaluationRecord(
        evaluation_id=finding.evaluation.evaluation_id,
        champion=spec.champion,
        challenger=spec.challenger,
        verdict=type(finding.decision).__name__,
        reasons=finding.reasons,
        parameters={"mode": spec.mode, "tier": tier.name, "model": tier.model, "sample_size": spec.sample_size},
        metrics=_figures(finding),
        page=page,
        decision={
            "decision": type(finding.decision).__name__,
            "reasons": list(finding.reasons),
            "checks": [vars(check) for check in finding.decision.checks],
            "stopped": finding.stopped,
        },
    )
    run_id = log_evaluation(mlflow_url, registry, record)
    if isinstance(finding.decision, Promote):
        registry.set_alias(CHALLENGER, spec.challenger)
    elif isinstance(finding.decision, Refuse):
        registry.drop_alias(CHALLENGER, spec.challenger)
    return Published(path, run_id, f"{mlflow_url}/#/experiments/by-name/runs/{run_id}")


def make_report(finding: Finding, tier: Tier, cold_below: int, nth: int) -> EvaluationReport:
    """What the page shows of a finding; `nth` counts the evaluations of this pair."""
    spec, pair = finding.evaluation.spec, finding.pair
    users = len({case.request.user_id for case in finding.cases})
    notes = [f"{len(finding.cases)} requests of {users} users; up to {tier.candidates} candidates of each were ranked."]
    if finding.stopped:
        notes.append(f"The evaluation ended early: {finding.stopped}. Run it again to go on; nothing is paid twice.")
    if nth > 1:
        notes.append(
            f"This is evaluation number {nth} of this pair: the chance of a wrong promotion adds up over them."
        )
    if spec.mode == "live":
        notes.append("The champion's rankings are those that users got; mended mistakes in its replies are not logged.")
    if finding.precheck is not None and not finding.precheck.passed:
        notes.append(
            "The pre-check refused the prompt, so nothing was paid for the champion; its column shows what users saw "
            "the service's own call come to."
        )
    labels = Labels(
        evaluation_id=finding.evaluation.evaluation_id,
        champion=_named(spec.champion, pair.champion.message),
        challenger=_named(spec.challenger, pair.challenger.message),
        mode={"live": "live shadow", "logged": "replay of logged requests"}[spec.mode],
        model=f"{tier.name}: {tier.model}",
        written_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        notes=tuple(notes),
    )
    different = most_different(finding.cases, finding.truth, finding.evidence, finding.items, cold_below)
    return EvaluationReport(labels, finding.decision, finding.evidence, finding.precheck, different)


def _named(version: int, message: str) -> str:
    return f"version {version}" + (f" ({message})" if message else "")


def _figures(finding: Finding) -> dict[str, float]:
    evidence = finding.evidence
    figures = {
        "requests": evidence.cases,
        "truth_share": evidence.share,
        "ndcg_at_10_champion": evidence.target.champion,
        "ndcg_at_10_challenger": evidence.target.challenger,
        "ndcg_at_10_difference": evidence.target.difference,
        "ndcg_at_10_difference_low": evidence.target.fixed.low,
        "ndcg_at_10_difference_high": evidence.target.fixed.high,
        "fault_rate": evidence.faults.rate,
        "fault_rate_high": evidence.faults.high,
        "rank_biased_overlap": evidence.overlap,
        "top_10_overlap": evidence.top_ten,
        "cost_usd_champion": evidence.cost_usd[0],
        "cost_usd_challenger": evidence.cost_usd[1],
        "latency_p95_ms_champion": evidence.speed[0].p95,
        "latency_p95_ms_challenger": evidence.speed[1].p95,
    }
    for name, paired in {**evidence.segments, **evidence.guards}.items():
        figures[f"{name.replace(' ', '_')}_difference"] = paired.difference
    return {name: float(value) for name, value in figures.items() if math.isfinite(value)}
