"""Promotes once on a small stack, in a process of its own that a test can stop or kill: `promote_once.py HOME PORTS`.

Prints each step; with a name of a step as last argument it stops itself (SIGSTOP) when it first gets there.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

from components.rollout.promote import Making, promote
from components.rollout.release import Release
from tests.stack.small_stack import LIMITS, QUICK, SmallStack


def main(home: str, ports: str, stop_at: str = "") -> None:
    """Promote, and print how it ended."""
    stack = SmallStack(Path(home), [int(port) for port in ports.split(",")])
    has_stopped = False

    def report(line: str) -> None:
        nonlocal has_stopped
        print(line, flush=True)
        if stop_at and not has_stopped and re.sub(r"^release-\d+ ", "{release} ", line).startswith(stop_at):
            has_stopped = True
            os.kill(os.getpid(), signal.SIGSTOP)

    def build(release_id: str, parent_id: str | None) -> Release:
        report("build")
        return stack.rebuild(release_id, parent_id)

    making = Making(build, stack.examine)
    print(promote(stack.world, making, f"process {os.getpid()}", LIMITS, QUICK, report), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
