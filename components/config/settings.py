"""Addresses, folders and secrets of this process, read once from the environment (`RECOPS_*`)."""

from __future__ import annotations

import hashlib
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, SecretStr, ValidationError

PREFIX = "RECOPS_"
NOT_OURS = {
    "MLFLOW_TRACKING_URI": "mlflow_tracking_uri",
    "PREFECT_API_URL": "prefect_api",
    "PREFECT_API_AUTH_STRING": "prefect_login",
    "ANTHROPIC_API_KEY": "anthropic_api_key",
    "TMPDIR": "runtime_base",
    "XDG_RUNTIME_DIR": "runtime_base",
}
"""Variables that other programs name, and the field that each fills; the last of a field wins, an empty one is none."""
Slot = Literal["blue", "green"]


class SettingsError(Exception):
    """A setting in the environment is unknown or has a wrong value."""


class Settings(BaseModel):
    """`load_settings` fills each field from the variable of the same name in capitals behind `RECOPS_`, or from the one
    in `NOT_OURS`; made directly, it reads nothing but its arguments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: Path = Path(__file__).resolve().parents[2]  # the folder of params.yaml, prefect.yaml and dvc.yaml
    home: Path = Path(".recops")  # where all state is, below the folder above

    host: str = "127.0.0.1"  # where everything listens; beyond loopback only with keys
    gateway_host: str | None = None  # where Envoy is reached, if not at `host`
    processes: Literal["supervisor", "containers"] = "supervisor"  # what starts and stops the slots
    router: Literal["envoy", "gateway_api"] = "envoy"  # what sends users to slots; the latter in a cluster
    kubernetes_route: str = "recops/recops"  # namespace and name of the HTTPRoute, for the router gateway_api
    gateway_port: int = 8080  # where clients ask
    blue_port: int = 3001  # of the slot blue
    green_port: int = 3002  # of the slot green
    blue_endpoints: str | None = None  # "host:port, host:port" of a slot's replicas, where they run elsewhere
    green_endpoints: str | None = None  # likewise of the other
    mlflow_port: int = 5000  # of MLflow
    prefect_port: int = 4200  # of Prefect
    envoy_admin_port: int = 9901  # of Envoy's reading pages
    evidently_port: int = 8001  # of Evidently
    console_port: int = 8082  # of the console's own process
    console_endpoint: str | None = None  # "host:port" of the console as the gateway reaches it, where it runs elsewhere
    console_names: str | None = None  # "host, host:port": further names under which people open the console
    llm_port: int = 8081  # of the small local model, which `recops llm up` starts

    event_store_url: SecretStr | None = None  # of PostgreSQL, in place of SQLite in the folder of state
    ranking_processes: NonNegativeInt = 1  # beside each slot's own, for changed histories; 0: the slot's own ranks
    log_impressions: bool = True  # keep each request, its candidates and what was shown
    data_registry_url: SecretStr | None = None  # Git address that data versions are pushed to
    dvc_remote_url: SecretStr | None = None  # where their bytes go, such as s3://bucket/dvc
    source_sql_url: SecretStr | None = None  # the database that `source=sql` reads
    alert_urls: SecretStr | None = None  # Apprise URLs, separated by blanks
    cache_url: SecretStr | None = None  # Redis, for answers and limits that the slots share
    feedback_per_user_minute: float = 300.0  # events of one user, in the long run; 1,000 at once
    feedback_per_address_minute: float = 6000.0  # events from one address other than this machine; 10,000 at once
    keys: Literal["auto", "on", "off"] = "auto"  # auto: where anything listens beyond this machine
    key: SecretStr | None = None  # with which the commands of this machine ask the gateway
    operator_key: SecretStr | None = None  # with which commands may change things, once there is an operator's key
    requests_per_user_minute: float = 600.0  # of the user of a client's token
    requests_per_key_minute: float = 60_000.0  # with one client's key
    requests_per_address_minute: float = 3_000.0  # from one address other than this machine, without a server's key
    prefetched_per_minute: float = 300.0  # answers made ahead for one key or address; 1,000 at once
    conversation_hours: float = 24.0  # for which one is kept after its last message
    demo: bool = True  # `recops up` ingests MovieLens and trains with the preset demo
    git_commit: str | None = None  # what an image was built from, as it carries no Git
    preset: str | None = None  # of params.yaml, a file in presets/; see `train_preset`

    llm_base_url: str | None = None  # of a Messages API in place of Anthropic's
    user_salt: SecretStr | None = None  # of the pseudonyms that a provider of language models sees

    slot: Slot | None = None  # which slot a process answers as; the stack sets it
    release_id: str | None = None  # which release it answers with; the stack sets it
    stack: str | None = None  # marks the processes that `recops up` started, so that `recops down` finds them all

    mlflow_tracking_uri: str | None = None  # of an MLflow that runs elsewhere
    prefect_api: str | None = None  # of a Prefect that runs elsewhere
    prefect_login: SecretStr | None = None  # user:password of Prefect's server; with keys on the stack makes one
    anthropic_api_key: SecretStr | None = None  # of Anthropic's API
    runtime_base: Path = Path("/tmp")  # noqa: S108 - the folder below it is refused unless it is the user's alone

    @property
    def is_local(self) -> bool:
        """Whether all servers listen on this machine alone."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def keys_on(self) -> bool:
        """Whether the slots ask for keys."""
        return self.keys == "on" or (self.keys == "auto" and not self.is_local)

    @property
    def shown_key(self) -> str | None:
        """The key that the commands of this machine show."""
        return None if self.key is None else self.key.get_secret_value()

    @property
    def root(self) -> Path:
        """The folder of all state, absolute."""
        return (self.project / self.home).resolve()

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the event store."""
        if self.event_store_url is not None:
            return self.event_store_url.get_secret_value()
        return f"sqlite:///{self.root / 'events.db'}"

    @property
    def train_preset(self) -> str | None:
        """The preset that retraining puts over params.yaml: that of the environment, else `demo` in the demo."""
        return self.preset or ("demo" if self.demo else None)

    @property
    def mlflow_url(self) -> str:
        """Where MLflow answers; `MLFLOW_TRACKING_URI` overrides it."""
        return self.mlflow_tracking_uri or f"http://{self.host}:{self.mlflow_port}"

    @property
    def prefect_api_url(self) -> str:
        """Where Prefect's API answers; `PREFECT_API_URL` overrides it."""
        return self.prefect_api or f"http://{self.host}:{self.prefect_port}/api"

    @property
    def gateway_url(self) -> str:
        """Where clients ask."""
        return f"http://{self.gateway_host or self.host}:{self.gateway_port}"

    @property
    def local_llm_url(self) -> str:
        """Where the small local model answers, once `recops llm up` has started it."""
        return f"http://{self.host}:{self.llm_port}"

    def slot_port(self, slot: Slot) -> int:
        """The port of a slot's service."""
        return self.blue_port if slot == "blue" else self.green_port

    def slot_endpoints(self, slot: Slot) -> list[tuple[str, int]]:
        """Host and port of each replica of a slot; one here unless the settings name others.

        Raises:
            SettingsError: they are not a list of host:port.
        """
        given = self.blue_endpoints if slot == "blue" else self.green_endpoints
        if given is None:
            return [(self.host, self.slot_port(slot))]
        found = [each.strip().rpartition(":") for each in given.split(",")]
        if not all(host and port.isdecimal() for host, _, port in found):
            raise SettingsError(f"{PREFIX}{slot.upper()}_ENDPOINTS: a list such as host:3001,host:3003, not {given!r}")
        return [(host, int(port)) for host, _, port in found]

    def slot_urls(self, slot: Slot) -> list[str]:
        """The address of each replica of a slot."""
        return [f"http://{host}:{port}" for host, port in self.slot_endpoints(slot)]

    def console_address(self) -> tuple[str, int]:
        """Host and port of the console, as the gateway reaches it.

        Raises:
            SettingsError: the setting is no host:port.
        """
        if self.console_endpoint is None:
            return self.host, self.console_port
        host, _, port = self.console_endpoint.strip().rpartition(":")
        if not host or not port.isdecimal():
            raise SettingsError(
                f"{PREFIX}CONSOLE_ENDPOINT: host:port such as console:8082, not {self.console_endpoint!r}"
            )
        return host, int(port)

    @property
    def registry_folder(self) -> Path:
        """The working copy of the data registry."""
        return self.root / "registry"

    @property
    def choices_folder(self) -> Path:
        """One folder, named after its run, with the choice that partial retrainings keep."""
        return self.root / "choices"

    @property
    def pipeline_folder(self) -> Path:
        """The repository in which flows run the training pipeline."""
        return self.root / "pipeline"

    @property
    def dvc_cache_folder(self) -> Path:
        """The DVC cache that the registry and the pipeline share."""
        return self.root / "dvc-cache"

    @property
    def dvc_remote(self) -> str:
        """The DVC remote of the data registry; like every URL it may hold a password."""
        if self.dvc_remote_url is not None:
            return self.dvc_remote_url.get_secret_value()
        return str(self.root / "dvc-remote")

    @property
    def logs_folder(self) -> Path:
        """Logs of the stack's processes."""
        return self.root / "logs"

    @property
    def runtime_folder(self) -> Path:
        """A short per-user folder for sockets: paths over 107 bytes break them."""
        key = hashlib.sha256(str(self.root).encode()).hexdigest()[:10]
        return self.runtime_base / f"recops-{os.getuid()}-{key}"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in `environ` (the process's own by default), and in nothing else.

    Raises:
        SettingsError: a `RECOPS_*` variable is unknown or has a wrong value; the message names it.
    """
    environ = os.environ if environ is None else environ
    given = {key[len(PREFIX) :].lower(): value for key, value in environ.items() if key.startswith(PREFIX)}
    ours = [name for name in Settings.model_fields if name not in NOT_OURS.values()]
    unknown = sorted(set(given) - set(ours))
    if unknown:
        names = ", ".join(PREFIX + name.upper() for name in unknown)
        known = ", ".join(PREFIX + name.upper() for name in ours)
        raise SettingsError(f"unknown setting {names}; known are {known}")
    given |= {field: value for name, field in NOT_OURS.items() if (value := environ.get(name, "").strip())}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        name = " or ".join(other for other, filled in NOT_OURS.items() if filled == field) or PREFIX + field.upper()
        raise SettingsError(f"{name}: {first['msg']}") from error
