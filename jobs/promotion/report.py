"""Says in one line and in Markdown what came of a promotion."""

from __future__ import annotations

from components.rollout.outcomes import Promoted, PromotionRefused
from components.rollout.release import Release
from jobs.promotion.promote import AlreadyLive


def tell(outcome: Promoted | PromotionRefused | AlreadyLive) -> str:
    """One line for the state of the run."""
    if isinstance(outcome, AlreadyLive):
        return f"{outcome.release_id} in {outcome.slot} already answers as the new release would"
    if isinstance(outcome, PromotionRefused):
        return outcome.reason
    return f"{outcome.release.release_id} is live in {outcome.slot}, after {outcome.previous_release or 'nothing'}"


def page_of(outcome: Promoted | PromotionRefused | AlreadyLive) -> str | None:
    """The page about the outcome, None where there is nothing to show."""
    if isinstance(outcome, AlreadyLive):
        return None
    if isinstance(outcome, PromotionRefused):
        return f"# Promotion refused\n\n{outcome.reason}\n"
    release = outcome.release
    rows = {
        "slot": outcome.slot,
        "before": outcome.previous_release or "nothing",
        "model version": release.model_version,
        **_experiment_rows(release),
        "data version": release.summary["data_version"],
        "NDCG@10 offline": release.summary["ndcg_at_10"],
        "Bento": release.bento_tag,
        "commit": release.git_commit + (" (with changes)" if release.git_dirty else ""),
        "to go back": "`recops rollback`",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    warnings = "".join(f"\n\nWarning: {warning}" for warning in outcome.warnings)
    return f"# {release.release_id} is live\n\n| | |\n|---|---|\n{table}\n{warnings}"


def _experiment_rows(release: Release) -> dict[str, str]:
    if release.experiment is None:
        return {}
    variants = ", ".join(f"{v.name} {v.share:.0%} (model {v.model_version})" for v in release.variants)
    return {"experiment": release.experiment.experiment_id, "variants": variants}
