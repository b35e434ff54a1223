"""The command line: `recops COMMAND`. Each command is imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import NoReturn

import click

COMMANDS = {
    "up": ("cli.up", "up", "Start the stack, and run the loop once if nothing is live yet."),
    "down": ("cli.down", "down", "Stop everything that `recops up` started."),
    "status": ("cli.status", "status", "Show the processes, their memory, and what is live."),
    "open": ("cli.open", "open_console", "Open the console in a browser."),
    "doctor": ("cli.doctor", "doctor", "Say what is not well with the machine and the stack, and what mends it."),
    "logs": ("cli.logs", "logs", "Print the log of a process of the stack."),
    "data": ("cli.data", "data", "Check a source; list, show, get and use data versions."),
    "ask": ("cli.ask", "ask", "Ask the gateway for items in plain words."),
    "chat": ("cli.chat", "chat", "Talk with the catalogue, a line at a time."),
    "mcp": ("cli.mcp", "mcp", "Serve the catalogue as tools for agents (Model Context Protocol)."),
    "explain": ("cli.explain", "explain", "Say where an item stands for a user, and what put it there."),
    "releases": ("cli.releases", "releases", "Show what was promoted and rolled back, when and by whom."),
    "rollback": ("cli.rollback", "rollback", "Go back to the standby release at once."),
    "alerts": ("cli.alerts", "alerts", "List incidents, and try the channels that tell of them."),
    "items": ("cli.items", "items", "Switch items off and on, and list those that are off."),
    "keys": ("cli.keys", "keys", "Make, list, rotate and take back the keys with which clients ask."),
    "tenants": ("cli.tenants", "tenants", "What each tenant asked, told and spent of late."),
    "audit": ("cli.audit", "audit", "Show what operators did, and what was refused."),
    "prepare": (
        "cli.prepare",
        "prepare",
        "Migrate the store and write the gateway's files, for containers.",
    ),
    "reconcile": ("cli.reconcile", "reconcile", "Make slots, gateway and aliases match the event store."),
    "simulate": ("cli.simulate", "simulate", "Let people ask the gateway, click, and say what they did."),
    "prompts": ("cli.prompts", "prompts", "List, compare, register and show versions of the prompt."),
    "experiments": (
        "cli.experiments",
        "experiments",
        "List, show, plan and read experiments; judge policies.",
    ),
    "llm": ("cli.llm", "llm", "Start, stop and show the small local model; try every tier."),
    "events": ("cli.events", "events", "Show how much is stored, and drop what is past its time."),
    "export": ("cli.export", "export", "Write what is stored as Parquet files."),
    "backup": ("cli.backup", "backup", "Back the event store up into a folder."),
    "restore": ("cli.restore", "restore", "Restore the event store from a backup, or prove that it can be."),
    "forget": ("cli.forget", "forget", "Delete a user everywhere, and keep them out of later data."),
    "benchmark": ("cli.benchmark", "benchmark", "Compare every recommender on any data set."),
    "spark": ("cli.spark", "spark", "Screen, train, evaluate and answer with Spark, where data outgrow a machine."),
    "tune-reranker": ("cli.tune_reranker", "tune_reranker", "Tune a small language model on exported preferences."),
    "serve-reranker": ("cli.serve_reranker", "serve_reranker", "Serve a tuned model folder as a reranker."),
}


SECTIONS = {
    "The stack": ("up", "down", "status", "doctor", "open", "logs", "reconcile", "prepare"),
    "Data": ("data", "events", "export", "forget"),
    "Models and prompts": ("benchmark", "spark", "prompts", "llm", "tune-reranker", "serve-reranker"),
    "Releases and experiments": ("releases", "rollback", "experiments"),
    "Answers": ("ask", "chat", "explain", "items", "mcp", "simulate"),
    "Watching": ("alerts",),
    "Keeping it safe": ("keys", "tenants", "audit", "backup", "restore"),
}
"""In the order of the loop; a command that stands in none of them comes last."""


def sections() -> dict[str, list[str]]:
    """The names of the commands there are, by section."""
    placed = {title: [name for name in names if name in COMMANDS] for title, names in SECTIONS.items()}
    rest = [name for name in COMMANDS if not any(name in names for names in placed.values())]
    return {**placed, **({"Further": rest} if rest else {})}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; help texts come from the table above."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """In the order of the sections."""
        return [name for names in sections().values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, or None when there is none of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - the table is ours
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The table by turns of the loop, without importing a command."""
        width = max(map(len, COMMANDS)) + 2
        for title, names in sections().items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width - 2), COMMANDS[name][2]) for name in names])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="recops")
def recops() -> None:
    """Takes a hybrid recommender from interaction logs to safe production, and keeps it there."""


def main() -> NoReturn:
    """Run the command line; errors that users can mend are one line, without a traceback."""
    try:
        # Without its standalone mode click returns the code of an `Exit` and raises none; commands return nothing.
        code = recops(standalone_mode=False)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        said = _what_mends(error)
        if said is None:
            raise
        click.echo(f"Error: {said}", err=True)
        sys.exit(2)
    sys.exit(code or 0)


def _what_mends(error: Exception) -> str | None:
    """What to do about it, None where a user can do nothing; what tells is imported only now, so that help comes at
    once."""
    from sqlalchemy.exc import OperationalError

    from components.adapters.files.params_file import ParamsError
    from components.config.settings import SettingsError
    from jobs.errors import NothingThereError

    if isinstance(error, OperationalError):
        said = " ".join(str(error.orig).split())
        return f"the event store does not answer: {said}; its address is RECOPS_EVENT_STORE_URL"
    return str(error) if isinstance(error, NothingThereError | ParamsError | SettingsError) else None
