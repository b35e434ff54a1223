"""`python -m flows` is `recops`."""

from __future__ import annotations

from cli.main import main

main()
