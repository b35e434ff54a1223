"""Runs a command of Prefect, such as `worker start`, once its server has the work pool; until then it imports that.

`python -m flows.prefect_ahead POOL COMMAND…`: on a fresh start the server takes seconds until it answers, and so does
what a command imports. A pool that is not there yet is waited for as long as it takes.
"""

from __future__ import annotations

import importlib
import sys
import time

from jobs.wiring.workbench import open_workbench

IMPORTED = {
    "deploy": (
        "prefect.cli.deploy._core",
        "prefect.deployments.runner",
        "flows.ingest",
        "flows.retrain",
        "flows.promote",
        "flows.monitor",
    ),
    "worker": ("prefect.cli.worker", "prefect.cli._worker_utils", "prefect.workers.process"),
}
LOOK_SECONDS = 0.1


def main() -> None:
    """Imports, waits, and becomes the command."""
    pool, *command = sys.argv[1:]
    importlib.import_module("prefect.cli")
    for name in (name for word in command for name in IMPORTED.get(word, ())):
        importlib.import_module(name)
    with open_workbench() as bench:
        while not bench.prefect.has_pool(pool):
            time.sleep(LOOK_SECONDS)

    from prefect.cli import app

    sys.argv = ["prefect", *command]
    app()


if __name__ == "__main__":
    main()
