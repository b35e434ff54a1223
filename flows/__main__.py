"""`python -m flows` is `recops`."""

from __future__ import annotations

from flows.cli import main

main()
