"""Local processes under supervisord: its configuration, and start, stop and state over its socket."""

from __future__ import annotations

import contextlib
import http.client
import os
import stat
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from supervisor.xmlrpc import SupervisorTransport, UnixStreamHTTPConnection

NOT_RUNNING = 70  # faults of supervisor's XML-RPC interface
ALREADY_STARTED = 60
STOP_SECONDS = 60.0


class SupervisorError(Exception):
    """supervisord does not start, or refuses; the message says what to look at."""


@dataclass(frozen=True)
class Program:
    """A process to run. `environment` is added to supervisord's own; secrets are inherited, never written here."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    start_at_once: bool = True
    stop_seconds: int = 10


@dataclass(frozen=True)
class ProcessState:
    """`state` is supervisor's word (RUNNING, STOPPED, BACKOFF …); `pid` is 0 when nothing runs."""

    name: str
    state: str
    pid: int
    started_at: float


class Supervisor:
    """One supervisord, reached through a socket in `runtime_folder`; a call may take `call_seconds`."""

    def __init__(self, runtime_folder: Path, logs_folder: Path, call_seconds: float = 60.0) -> None:
        self._runtime = runtime_folder
        self._logs = logs_folder
        self._call_seconds = call_seconds
        self._socket = runtime_folder / "supervisor.sock"
        self._config = runtime_folder / "supervisord.conf"
        self._pid_file = runtime_folder / "supervisord.pid"

    def is_running(self) -> bool:
        """Whether supervisord answers."""
        try:
            with self._rpc() as rpc:
                return bool(rpc.getState()["statename"] == "RUNNING")
        except (OSError, xmlrpc.client.Error, http.client.HTTPException):
            return False

    def start(self, programs: Sequence[Program], environment: Mapping[str, str]) -> None:
        """Start supervisord with these programs; it goes on after this process ends.

        Raises:
            SupervisorError: it does not answer within 10 seconds.
        """
        self._runtime.mkdir(parents=True, exist_ok=True, mode=0o700)
        _check_owner(self._runtime)
        self._logs.mkdir(parents=True, exist_ok=True)
        self._config.write_text(self._configuration(programs))
        self._socket.unlink(missing_ok=True)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._config)]
        done = subprocess.run(command, env=dict(environment), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SupervisorError(f"supervisord does not start: {(done.stderr or done.stdout).strip()[-500:]}")
        deadline = time.monotonic() + 10
        while not self.is_running():
            if time.monotonic() > deadline:
                raise SupervisorError(f"supervisord does not answer; see {self._logs / 'supervisord.log'}")
            time.sleep(0.05)

    def states(self) -> list[ProcessState]:
        """All programs, by name."""
        with self._rpc() as rpc:
            infos = cast(list[dict[str, Any]], rpc.getAllProcessInfo())
        states = [ProcessState(i["name"], i["statename"], i["pid"], float(i["start"])) for i in infos]
        return sorted(states, key=lambda state: state.name)

    def state_of(self, name: str) -> ProcessState:
        """One program's state."""
        try:
            with self._rpc() as rpc:
                info = cast(dict[str, Any], rpc.getProcessInfo(name))
        except xmlrpc.client.Fault as fault:
            raise SupervisorError(fault.faultString) from fault
        return ProcessState(info["name"], info["statename"], info["pid"], float(info["start"]))

    def start_program(self, name: str) -> None:
        """Start it and return at once; harmless when it runs."""
        with _ignoring(ALREADY_STARTED), self._rpc() as rpc:
            rpc.startProcess(name, False)

    def stop_program(self, name: str) -> None:
        """Stop it and its group, and wait until it is gone, also when somebody else stops it; harmless when it is."""
        with _ignoring(NOT_RUNNING), self._rpc() as rpc:
            rpc.stopProcess(name, True)
        deadline = time.monotonic() + STOP_SECONDS
        while self.state_of(name).state == "STOPPING":
            if time.monotonic() > deadline:
                raise SupervisorError(f"{name} does not end; see {self._logs / name}.log")
            time.sleep(0.05)

    def shut_down(self, timeout: float = 60.0) -> None:
        """Stop all programs and supervisord itself; returns when its process is gone."""
        with self._rpc() as rpc:
            pid = int(rpc.getPID())
            rpc.shutdown()
        deadline = time.monotonic() + timeout
        while _alive(pid):
            if time.monotonic() > deadline:
                raise SupervisorError(f"supervisord (pid {pid}) does not end; see {self._logs / 'supervisord.log'}")
            time.sleep(0.05)

    @contextlib.contextmanager
    def _rpc(self) -> Iterator[Any]:
        transport = _TimedTransport(self._socket, self._call_seconds)
        try:
            yield xmlrpc.client.ServerProxy("http://supervisor", transport=transport).supervisor
        finally:
            transport.close()

    def _configuration(self, programs: Sequence[Program]) -> str:
        lines = [
            "[supervisord]",
            f"logfile={_escape(self._logs / 'supervisord.log')}",
            f"pidfile={_escape(self._pid_file)}",
            f"childlogdir={_escape(self._logs)}",
            "nodaemon=false",
            "silent=true",
            "umask=077",  # what the stack writes is its user's alone
            "[unix_http_server]",
            f"file={_escape(self._socket)}",
            "chmod=0700",
            "[rpcinterface:supervisor]",
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
        ]
        for program in programs:
            lines += self._program(program)
        return "\n".join(lines) + "\n"

    def _program(self, program: Program) -> list[str]:
        environment = ",".join(f'{key}="{_escape(value)}"' for key, value in program.environment.items())
        return [
            f"[program:{program.name}]",
            f"command={_escape(' '.join(_quote(word) for word in program.command))}",
            f"directory={_escape(program.folder)}",
            f"environment={environment}",
            f"autostart={str(program.start_at_once).lower()}",
            "autorestart=true",
            "startsecs=1",
            "startretries=1000000",
            "stopasgroup=true",
            "killasgroup=true",
            f"stopwaitsecs={program.stop_seconds}",
            "redirect_stderr=true",
            f"stdout_logfile={_escape(self._logs / (program.name + '.log'))}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=2",
        ]


class _TimedTransport(SupervisorTransport):  # type: ignore[misc]
    """supervisor's own transport, which waits for ever, with a limit in seconds."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(serverurl=f"unix://{path}")
        self._get_connection = lambda: _TimedConnection(path, seconds)


class _TimedConnection(UnixStreamHTTPConnection):  # type: ignore[misc]
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self.socketfile = str(path)

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self.timeout)


@contextlib.contextmanager
def _ignoring(code: int) -> Iterator[None]:
    try:
        yield
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != code:
            raise SupervisorError(fault.faultString) from fault


def _check_owner(folder: Path) -> None:
    """Who could write here could make supervisord run anything."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise SupervisorError(f"{folder} is not a folder of yours alone (mode 0700); remove it and start again")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _quote(word: str) -> str:
    return f'"{word}"' if " " in word else word


def _escape(value: object) -> str:
    """A value of the configuration: % begins a format there, and " ;" a comment."""
    text = str(value)
    if " ;" in text or "\n" in text:
        raise SupervisorError(f"supervisor cannot take {text!r}: move the project or RECOPS_HOME to a path without it")
    return text.replace("%", "%%")
