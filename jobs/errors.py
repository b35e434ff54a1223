"""Errors of the command line that users can mend."""

from __future__ import annotations


class NothingThereError(Exception):
    """The stack has never been started here."""
