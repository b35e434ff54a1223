"""Starts the service of one slot, after ending whatever a former start of it left behind: `python -m bentos.slot blue`.

`.recops/slots/<slot>.json` names the Bento. The launcher becomes the guard of `bentoml serve`. Any of the three
processes may be killed alone, and BentoML#4193 leaves a worker on the port; leftovers are known by their environment,
which holds this slot and this state folder, so no stale process number is ever trusted.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import time
from pathlib import Path
from typing import NoReturn, cast, get_args

import psutil
from sqlalchemy.exc import SQLAlchemyError

from bentos.build import bento_environment
from bentos.slot_guard import end_all
from components.adapters.files.stack_secret import read_secret
from components.adapters.slots.bento_files import COMPILED
from components.adapters.slots.sealed_bento import faults_of
from components.adapters.store.releases.slot_assignments import SlotAssignments
from components.config.settings import Settings, Slot, load_settings

PORT_SECONDS = 10.0
STORE_SECONDS = 2.0
KEEP_ALIVE_SECONDS = 75  # longer than the gateway keeps an idle connection, so that it never reuses a closed one
DRAIN_SECONDS = 10


class SlotError(Exception):
    """The slot cannot be started; the message says why and what to do."""


def main(arguments: list[str]) -> NoReturn:
    """Becomes the service of the slot that the only argument names."""
    if len(arguments) != 1 or arguments[0] not in get_args(Slot):
        sys.exit(f"usage: python -m bentos.slot {'|'.join(get_args(Slot))}")
    try:
        serve(load_settings(), cast(Slot, arguments[0]))
    except SlotError as error:
        sys.exit(str(error))


def serve(settings: Settings, slot: Slot) -> NoReturn:
    """Ends leftovers, waits for the port, and becomes the guard of `bentoml serve`, in a process group of its own.

    Raises:
        SlotError: nothing is assigned to the slot, its Bento is missing or not what was built, or a stranger holds the
            port.
    """
    release_id, bento = read_assignment(settings.root / "slots" / f"{slot}.json")
    check_with_store(settings, slot, release_id, bento)
    if os.getpgrp() != os.getpid():
        os.setpgrp()
    end_all(leftovers(settings.root, slot))
    await_free_port(settings.host, settings.slot_port(slot), slot)
    command = [
        *(sys.executable, "-m", "bentos.slot_guard"),
        *(sys.executable, "-m", "bentoml", "serve", str(bento)),
        *("--host", settings.host, "--port", str(settings.slot_port(slot))),
        *("--timeout-keep-alive", str(KEEP_ALIVE_SECONDS)),
        *("--timeout-graceful-shutdown", str(DRAIN_SECONDS)),
    ]
    environment = {
        **bento_environment(settings),
        "RECOPS_PROJECT": str(settings.project),
        "RECOPS_HOME": str(settings.root),
        "RECOPS_SLOT": slot,
        "RECOPS_RELEASE_ID": release_id,
    }
    environment.pop("PYTHONPATH", None)  # the code is the Bento's, not the checkout's
    os.chdir(bento / "src")
    os.execve(sys.executable, command, environment)  # noqa: S606 our own interpreter


def read_assignment(file: Path) -> tuple[str, Path]:
    """Release id and Bento folder that the slot should run."""
    try:
        assignment = json.loads(file.read_text())
        release_id, bento = str(assignment["release_id"]), Path(assignment["bento_path"])
    except (OSError, ValueError, KeyError) as error:
        raise SlotError(f"{file} does not say which release to run: {error!r}; promote one") from error
    if not (bento / "bento.yaml").is_file():
        raise SlotError(f"{bento} is not a Bento; promote the release {release_id} again")
    return release_id, bento


def check_with_store(settings: Settings, slot: Slot, release_id: str, bento: Path) -> None:
    """Accept the assignment unless the event store, which is the truth, gives the slot to another release or says that
    the Bento is not what was built.

    A promotion that was paused past its lease may have written the file late. A store that does not answer is no
    reason not to serve. What Python compiled of the code before is thrown away, as no digest holds it.

    Raises:
        SlotError: the store says otherwise.
    """
    try:
        with SlotAssignments(settings.store_url, STORE_SECONDS) as store:
            given = store.of(slot)
    except SQLAlchemyError:
        return
    if given is not None and given.release_id != release_id:
        raise SlotError(
            f"{slot} should run {given.release_id}, not {release_id}, says the store; run `recops reconcile`"
        )
    if given is None or given.bento_md5 is None:
        return
    if faults := faults_of(bento, given.bento_md5, given.bento_seal, read_secret(settings.root)):
        raise SlotError(f"{release_id} is not what was built: {'; '.join(faults[:3])}; `recops up` says what to do")
    for parent, folders, _ in os.walk(bento / "src"):  # another replica may do the same just now
        if COMPILED in folders:
            shutil.rmtree(Path(parent, COMPILED), ignore_errors=True)
            folders.remove(COMPILED)


def leftovers(root: Path, slot: Slot) -> list[psutil.Process]:
    """Processes of earlier starts of this slot with this state folder, but not this process and its ancestors."""
    ours = {os.getpid(), *(process.pid for process in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        if process.pid in ours:
            continue
        try:
            environment = process.environ()
        except (psutil.Error, OSError):
            continue  # gone, or somebody else's
        if environment.get("RECOPS_SLOT") == slot and environment.get("RECOPS_HOME") == str(root):
            found.append(process)
    return found


def await_free_port(host: str, port: int, slot: Slot, seconds: float = PORT_SECONDS) -> None:
    """Returns when the port can be bound.

    Raises:
        SlotError: it cannot within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if time.monotonic() > deadline:
                    setting = f"RECOPS_{slot.upper()}_PORT"
                    raise SlotError(f"port {port} of slot {slot} is taken; free it or move it by {setting}") from error
            else:
                return
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1:])
