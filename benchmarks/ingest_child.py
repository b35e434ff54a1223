"""One ingest of one file in a process of its own: `python benchmarks/ingest_child.py FILE`, in the checkout to measure.

Prints one line of JSON: the seconds to read, screen and keep a version, those of the processor from the start of the
process on, which a busy machine does not stretch, and the peak memory. It also runs in checkouts
from before the one reader (5ba3c12), whose modules had other names.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path
from time import perf_counter
from typing import Any


def measure(path: Path) -> dict[str, float]:
    """Seconds of each step, and peak memory in GB."""
    seconds: dict[str, float] = {}

    def timed(step: Any) -> Any:
        def run(*arguments: Any) -> Any:
            start = perf_counter()
            made = step(*arguments)
            seconds[step.__name__] = perf_counter() - start
            return made

        return run

    start = perf_counter()
    outcome = _ingest(path, timed)
    whole = perf_counter() - start
    used = [resource.getrusage(each) for each in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "read_s": seconds["read_slice"],
        "screen_s": seconds["screen_slice"],
        "keep_s": seconds["with_kept_events"] + seconds["register_version"],
        "whole_s": whole,
        "process_cpu_s": sum(each.ru_utime + each.ru_stime for each in used),
        "peak_gb": used[0].ru_maxrss / 1e6,
        "kept": outcome.version.manifest.interactions,
    }


def _ingest(path: Path, timed: Any) -> Any:
    try:
        from jobs.data.ingest import IngestRequest, run_ingest
        from jobs.wiring.workbench import open_workbench
    except ImportError:
        return _ingest_as_before(path, timed)
    with open_workbench() as bench:
        return run_ingest(bench, IngestRequest(str(path)), lambda _: None, timed)


def _ingest_as_before(path: Path, timed: Any) -> Any:
    from components.adapters.params_file import read_params
    from components.adapters.settings import load_settings
    from flows.ingest_steps import Request, run_ingest

    settings = load_settings()
    config = read_params(settings.project / "params.yaml").ingest
    return run_ingest(settings, config, Request(str(path)), lambda _: None, timed)


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print(json.dumps(measure(Path(sys.argv[1]))))
