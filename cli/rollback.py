"""`recops rollback`: goes back to an earlier release at once, without Prefect and without waiting for a promotion."""

from __future__ import annotations

import json
import time
from typing import Any

import click

from cli.operator import as_operator
from components.rollout.outcomes import CanaryStopped, NothingToRollBackTo, PromotionCancelled
from components.rollout.rollback import Cause, Outcome
from jobs.promotion.roll_back import gateway_follows, go_back, tidy_up
from jobs.wiring.workbench import open_workbench


@click.command()
@click.option("--to", "target", metavar="RELEASE", help="A release that has been live; it is started first if need be.")
@click.option("--reason", default="asked for on the command line", show_default=True, help="Kept in the history.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def rollback(target: str | None, reason: str, as_json: bool) -> None:
    """Go back to the former release at once; a running promotion is cancelled, never waited for.

    While a canary takes a share of the users, the live release answers all of them again.
    """
    began = time.monotonic()

    def report(line: str) -> None:
        click.echo(line, err=True)

    with open_workbench() as bench:
        cause = Cause(f"{as_operator(bench, 'rollback', to=target, reason=reason)} (recops rollback)", reason)
        outcome = go_back(bench, target, cause, report)
        if isinstance(outcome, NothingToRollBackTo):
            raise click.ClickException(outcome.reason)
        applied = gateway_follows(bench)
        seconds = round(time.monotonic() - began, 3)
        for warning in () if isinstance(outcome, PromotionCancelled) else outcome.warnings:
            report(f"Warning: {warning}")
        if not applied:
            report("Warning: Envoy does not answer; it follows as soon as it is back")
        told = {**_values(outcome), "seconds": seconds, "gateway_follows": applied}
        click.echo(json.dumps(told) if as_json else f"{_line(outcome)} ({seconds:.2f} s)")
        tidy_up(bench, outcome, cause, report)


def _values(outcome: Outcome) -> dict[str, Any]:
    if isinstance(outcome, CanaryStopped):
        return {"outcome": "canary stopped", "from": outcome.canary, "live": outcome.live_release}
    if isinstance(outcome, PromotionCancelled):
        return {"outcome": "promotion cancelled", "rollout": outcome.rollout_id, "live": outcome.live_release}
    assert not isinstance(outcome, NothingToRollBackTo)  # noqa: S101 - an error above
    return {"outcome": "rolled back", "from": outcome.from_release, "live": outcome.to_release}


def _line(outcome: Outcome) -> str:
    if isinstance(outcome, CanaryStopped):
        return f"{outcome.live_release} answers all users again; the canary {outcome.canary} is out"
    if isinstance(outcome, PromotionCancelled):
        live = outcome.live_release or "nothing"
        return f"cancelled rollout {outcome.rollout_id}; {live} stays live, as there is no release before it"
    assert not isinstance(outcome, NothingToRollBackTo)  # noqa: S101 - an error above
    return f"{outcome.to_release} is live again; {outcome.from_release} stands by"
