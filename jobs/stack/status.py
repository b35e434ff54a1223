"""What runs of the stack, how much memory it takes, and what is live."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from jobs.monitoring.schedules import Schedules, read_schedules
from jobs.stack.ports import ports
from jobs.stack.programs import LOCAL_LLM, WORK_POOL
from jobs.wiring.workbench import Workbench
from monitoring.stack_status import usage_of

MEGABYTE = 1024 * 1024


def read_status(bench: Workbench) -> dict[str, Any]:
    """Processes (MB of memory, seconds since the start), schedules (moments in UTC) and the routing, as values.

    Raises:
        NothingThereError: the stack has never been started here.
    """
    bench.store.check_exists()
    settings, control = bench.settings, bench.supervisor
    running = control.is_running()
    numbers = {name.lower().replace("gateway", "envoy"): port for name, (port, _) in ports(settings).items()}
    numbers["prefect-server"] = numbers["prefect"]
    numbers[LOCAL_LLM] = settings.llm_port
    processes = []
    for process in control.states() if running else []:
        usage = usage_of(process.pid) if process.pid else None
        processes.append(
            {
                "name": process.name,
                "state": process.state,
                "pid": process.pid,
                "port": numbers.get(process.name),
                "memory_mb": round(usage.memory / MEGABYTE) if usage else 0,
                "up_seconds": round(time.time() - process.started_at) if process.pid else 0,
            }
        )
    state = bench.store.releases.routing()
    planned = Schedules((), ())
    if running:
        planned = read_schedules(bench.prefect, WORK_POOL, datetime.now(UTC))
    return {
        "schedules": [asdict(each) for each in planned.all],
        "schedule_faults": list(planned.faults),
        "running": running,
        "processes": processes,
        "memory_mb": sum(process["memory_mb"] for process in processes),
        "gateway_answers": bench.envoy.answers() if running else False,
        "live": {"release": state.live_release, "slot": state.live_slot},
        "standby": state.standby_release,
        "routing_version": {"stored": state.version, "gateway": bench.envoy.applied_version()},
    }
