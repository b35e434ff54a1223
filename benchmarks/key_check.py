"""Times what the door of a slot takes of a request: without keys, with a server's key, and with a client's and a token.

Run it with `python -m benchmarks.key_check [--json] [--full]`; writes only into a temporary folder. Only processor time
is counted, as other work on the machine makes all else wait.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.report import Report, Row, report_main
from bentos.door import Door
from bentos.wiring import make_door
from components.access.user_token import sign_token
from components.config.settings import Settings
from jobs.access.manage_keys import make
from jobs.wiring.workbench import Workbench

PATH, USER = "/recommend", "8"
SCOPE = {"type": "http", "method": "POST", "client": ("203.0.113.7", 40_000)}


def run(full: bool) -> Report:
    """Microseconds of the processor for each way of asking, the least of five rounds."""
    times = 20_000 if full else 2_000
    with tempfile.TemporaryDirectory(prefix="recops-bench-") as folder:
        free = {f"requests_per_{who}_minute": 1e12 for who in ("user", "key", "address")}
        settings = Settings(home=Path(folder), keys="on", **free)  # type: ignore[arg-type]
        with Workbench(settings) as bench:
            bench.store.migrate()
            server, client = (make(bench, role, role, None, time.time(), "bench") for role in ("server", "client"))
        token = sign_token(client.signing_secret or "", client.key.key_id, USER, time.time() + 3600)
        said = {"server's key": {b"authorization": f"Bearer {server.text}".encode()}}
        said["client's key and token"] = {
            b"authorization": f"Bearer {client.text}".encode(),
            b"x-recops-user-token": token.encode(),
        }
        opened, guarded = make_door(settings.model_copy(update={"keys": "off"})), make_door(settings)
        try:
            rows: list[Row] = [{"shown": "nothing, keys off", "CPU µs": _time(opened, {}, times)}]
            rows += [{"shown": name, "CPU µs": _time(guarded, headers, times)} for name, headers in said.items()]
        finally:
            opened.close()
            guarded.close()
    return Report("what the door takes of a request", rows)


def _time(door: Door, headers: dict[bytes, bytes], times: int) -> float:
    rounds = []
    for _ in range(5):
        start = time.thread_time()
        for _ in range(times):
            door.admit(PATH, headers, SCOPE, False)
        rounds.append((time.thread_time() - start) / times * 1e6)
    return round(min(rounds), 2)


if __name__ == "__main__":
    report_main(__doc__, run)
