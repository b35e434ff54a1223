"""Writes the OpenAPI document of this checkout into a file: `python -m reference.openapi_file PATH`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from bentos.openapi import openapi


def write_document(file: Path) -> None:
    """The document, its keys in order, so that the same code writes the same bytes."""
    file.write_text(json.dumps(openapi("any"), indent=1, sort_keys=True))


if __name__ == "__main__":
    write_document(Path(sys.argv[1]))
