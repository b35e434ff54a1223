"""Errors of jobs that users can mend; the message says how."""

from __future__ import annotations


class NothingThereError(Exception):
    """The stack has never been started here, or what is asked for is not there."""


class StackDownError(Exception):
    """The stack is there, and does not run."""
