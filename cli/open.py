"""`recops open`: opens the console in a browser."""

from __future__ import annotations

import webbrowser

import click

from cli.answer import json_option, say
from jobs.wiring.workbench import open_workbench


@click.command(name="open")
@click.option("--print", "only_print", is_flag=True, help="Print the address and open nothing.")
@json_option
def open_console(only_print: bool, as_json: bool) -> None:
    """Open the console in a browser; where there is none, and for JSON, its address is printed."""
    with open_workbench() as bench:
        if not bench.envoy.answers():
            raise click.ClickException(
                "the gateway does not answer; `make up` starts the stack, `recops doctor` says more"
            )
        url = f"{bench.settings.gateway_url}/console"
    opened = not only_print and not as_json and webbrowser.open(url)
    say(as_json, {"url": url}, *([] if opened else [url]))
