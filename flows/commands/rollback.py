"""`recops rollback`: goes back to the former release at once, without Prefect and without waiting for a promotion."""

from __future__ import annotations

import getpass
import json
import time

import click

from components.adapters.params_file import read_params
from components.adapters.settings import load_settings
from components.rollout.outcomes import NothingToRollBackTo, PromotionCancelled
from components.rollout.rollback import roll_back
from flows.stack import router, world


@click.command()
@click.option("--reason", default="asked for on the command line", show_default=True, help="Kept in the history.")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def rollback(reason: str, as_json: bool) -> None:
    """Go back to the former release at once; a running promotion is cancelled, never waited for."""
    began = time.monotonic()
    settings = load_settings()
    parts = world(settings)
    limits = read_params(settings.project / "params.yaml").promotion
    outcome = roll_back(
        parts,
        f"{getpass.getuser()} (recops rollback)",
        reason,
        limits.lease_seconds,
        limits.ready_timeout_seconds,
        lambda line: click.echo(line, err=True),
    )
    if isinstance(outcome, NothingToRollBackTo):
        raise click.ClickException(outcome.reason)
    applied = router(settings).wait_applied(parts.store.routing().version, timeout=1.0)
    took = time.monotonic() - began
    if isinstance(outcome, PromotionCancelled):
        live = outcome.live_release or "nothing"
        told = {"outcome": "promotion cancelled", "rollout": outcome.rollout_id, "live": live}
        line = f"cancelled rollout {outcome.rollout_id}; {live} stays live, as there is no release before it"
    else:
        told = {"outcome": "rolled back", "from": outcome.from_release, "live": outcome.to_release}
        line = f"{outcome.to_release} is live again; {outcome.from_release} stands by ({took:.2f} s)"
        for warning in outcome.warnings:
            click.echo(f"Warning: {warning}", err=True)
    if not applied:
        click.echo("Warning: Envoy does not answer; it follows as soon as it is back", err=True)
    click.echo(json.dumps({**told, "seconds": round(took, 3), "gateway_follows": applied}) if as_json else line)
