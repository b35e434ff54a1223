"""Becomes the slot that serves a bundle: `python slot_of_bundle.py HOME BUNDLE PORT`, with a checkout on PYTHONPATH.

A file of its own, so that the checkout whose code serves may be another one than this.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from bentos.build import build_bento
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from components.rollout.release import Release, Variant


def main() -> None:
    """Builds the Bento in HOME and starts it as slot blue."""
    home, bundle, port = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    settings = Settings(home=home, blue_port=port)
    routing = RoutingConfig(cold_start_threshold=5, candidates=200)
    variant = Variant("default", 1, {"routing": routing.model_dump()})
    release = Release("bench", 0.0, "bench", None, "recops:bench", (variant,), "", False, "", "")
    bento = build_bento(settings, {1: bundle}, release)
    migrate(settings.store_url)
    (settings.root / "slots").mkdir(parents=True, exist_ok=True)
    assignment = {"release_id": "bench", "bento_path": str(bento.path)}
    (settings.root / "slots" / "blue.json").write_text(json.dumps(assignment))
    environment = {**os.environ, "RECOPS_HOME": str(home), "RECOPS_BLUE_PORT": str(port)}
    os.execve(sys.executable, [sys.executable, "-m", "bentos.slot", "blue"], environment)  # noqa: S606


if __name__ == "__main__":
    main()
