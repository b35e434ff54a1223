"""Writes every command of `recops` and of its groups with what it takes, from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from cli.main import recops
from reference.markdown import code, table

INTRODUCTION = """# Commands

`recops COMMAND --help` says the same in the terminal.
"""


def commands_of(
    group: click.Group = recops, path: tuple[str, ...] = ("recops",)
) -> Iterator[tuple[str, click.Command]]:
    """Each command with the words that call it, groups before their commands."""
    context = click.Context(group, info_name=path[-1])
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None or command.hidden:
            continue
        yield " ".join((*path, name)), command
        if isinstance(command, click.Group):
            yield from commands_of(command, (*path, name))


def commands_page() -> str:
    """The page of all commands."""
    return "\n".join((INTRODUCTION, *(_section(words, command) for words, command in commands_of())))


def _section(words: str, command: click.Command) -> str:
    level = "#" * len(words.split())
    taken = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
    called = " ".join((words, *(parameter.make_metavar(click.Context(command)) for parameter in taken)))
    options = [record for parameter in command.params if (record := parameter.get_help_record(click.Context(command)))]
    parts = [f"{level} `{called}`\n", inspect.cleandoc(command.help or "") + "\n"]
    if options:
        parts.append(table(("option", "meaning"), ((code(names), meaning) for names, meaning in options)))
    return "\n".join(parts)
