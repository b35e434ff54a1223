"""`recops keys`: makes, lists, rotates and takes back the keys with which clients ask."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime

import click
from rich.table import Table

from cli.answer import json_option, say
from cli.console import make_console
from cli.event_store import open_store
from cli.operator import as_operator
from components.access.roles import ROLES, Role
from components.access.tenants import DEFAULT
from components.adapters.files.stack_secret import prefect_login
from jobs.access.manage_keys import KeyUnknown, NewKey, TenantRefused, make, revoke, rotate


@click.group()
def keys() -> None:
    """Keys with which clients ask, once keys are on (docs/security.md)."""


@keys.command(name="make")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="server", show_default=True, help="What it may ask.")
@click.option("--days", type=click.FloatRange(0, min_open=True), default=None, help="How long it is good.")
@click.option("--tenant", default=DEFAULT, show_default=True, help="Whose users it speaks for (docs/security.md).")
@json_option
def make_key(name: str, role: Role, days: float | None, tenant: str, as_json: bool) -> None:
    """Make a key and show it once."""
    with open_store() as bench:
        by = as_operator(bench, "keys make", first=True, name=name, role=role, tenant=tenant)
        try:
            _show(make(bench, name, role, days, time.time(), by, tenant=tenant), as_json)
        except TenantRefused as error:
            raise click.ClickException(str(error)) from error


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_keys(as_json: bool) -> None:
    """Every key with its role, its tenant, when it ends, and when it was used last."""
    with open_store() as bench:
        found = bench.store.keys.all()
    if as_json:
        click.echo(json.dumps([{k: v for k, v in asdict(key).items() if k != "digest"} for key in found], indent=2))
        return
    table = Table("id", "name", "role", "tenant", "made", "ends", "last used", "state")
    for key in found:
        state = "good" if key.is_good(time.time()) else "revoked" if key.revoked_at is not None else "over"
        moments = (_moment(key.created_at), _moment(key.expires_at), _moment(key.last_used_at))
        table.add_row(key.key_id, key.name, key.role, key.tenant, *moments, state)
    make_console().print(table)


@keys.command(name="rotate")
@click.argument("key_id")
@click.option("--grace", type=click.FloatRange(0), default=1.0, show_default=True, help="Days the old one goes on.")
@json_option
def rotate_key(key_id: str, grace: float, as_json: bool) -> None:
    """Make a key in place of another, which goes on for a while."""
    with open_store() as bench:
        by = as_operator(bench, "keys rotate", key_id=key_id)
        try:
            _show(rotate(bench, key_id, grace, time.time(), by), as_json)
        except KeyUnknown as error:
            raise click.ClickException(str(error)) from error


@keys.command(name="revoke")
@click.argument("key_id")
@json_option
def revoke_key(key_id: str, as_json: bool) -> None:
    """Take a key back, in all slots within a second."""
    with open_store() as bench:
        by = as_operator(bench, "keys revoke", key_id=key_id)
        try:
            revoke(bench, key_id, time.time(), by)
        except KeyUnknown as error:
            raise click.ClickException(str(error)) from error
    say(as_json, {"revoked": key_id}, f"{key_id} opens nothing any more")


@keys.command(name="prefect")
@json_option
def prefect(as_json: bool) -> None:
    """Print with what Prefect's server is asked once keys are on: for its page, and as PREFECT_API_AUTH_STRING."""
    with open_store() as bench:
        as_operator(bench, "keys prefect")
        login = prefect_login(bench.settings)
    if login is None:
        raise click.ClickException("keys are off, and so Prefect asks for nothing")
    say(as_json, {"login": login}, login)


def _show(new: NewKey, as_json: bool) -> None:
    if as_json:
        shown = {
            "key": new.text,
            "id": new.key.key_id,
            "role": new.key.role,
            "tenant": new.key.tenant,
            "signing_secret": new.signing_secret,
        }
        say(True, shown)
        return
    click.echo(new.text)
    click.echo(f"id {new.key.key_id}, role {new.key.role}; this is the only time that the key is shown", err=True)
    if new.signing_secret is not None:
        click.echo(f"sign tokens of users with (HS256): {new.signing_secret}", err=True)


def _moment(at: float | None) -> str:
    return "never" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"
