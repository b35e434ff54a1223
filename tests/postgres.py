"""PostgreSQL from the wheel, for tests: a server of its own in a short folder, and an empty database when asked."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
import uuid
import warnings
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import create_engine, make_url, text

START_SECONDS = 120.0


class Postgres:
    """Starts the server; sockets need short paths, so the folder lies directly under the temporary one."""

    def __init__(self) -> None:
        with warnings.catch_warnings(action="ignore"):  # it complains about a missing XDG_RUNTIME_DIR
            import pgserver

        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._folder.chmod(0o777)  # as root it runs as an OS user of its own
        self.server: Any = pgserver.get_server(self._folder / "data", cleanup_mode="stop")

    @property
    def pid(self) -> int:
        """The postmaster's."""
        return int((self._folder / "data" / "postmaster.pid").read_text().split()[0])

    def start_again(self) -> None:
        """After a kill; recovery may take longer than the wheel waits for it."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.server.ensure_postgres_running()
            except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def new_database(self) -> str:
        """URL of an empty database, as a person would write it."""
        address = make_url(self.server.get_uri())
        name = f"test_{uuid.uuid4().hex}"
        engine = create_engine(address.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return address.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    def stop(self) -> None:
        """Ends the server at once, as nothing is kept, and removes what it stored."""
        postmaster = psutil.Process(self.pid)
        postmaster.send_signal(signal.SIGQUIT)
        psutil.wait_procs([postmaster], 10)
        self.server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)
