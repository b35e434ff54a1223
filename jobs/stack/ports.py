"""The ports that the stack takes, and which of them somebody else holds."""

from __future__ import annotations

from components.adapters.machine.ports_in_use import is_taken
from components.config.settings import Settings


class PortTaken(Exception):
    """Somebody else holds a port of ours; the message names it and the setting that moves ours."""


def ports(settings: Settings) -> dict[str, tuple[int, str]]:
    """Each port that the stack takes, by what listens there, with the setting that moves it."""
    return {
        "gateway": (settings.gateway_port, "RECOPS_GATEWAY_PORT"),
        "blue": (settings.blue_port, "RECOPS_BLUE_PORT"),
        "green": (settings.green_port, "RECOPS_GREEN_PORT"),
        "MLflow": (settings.mlflow_port, "RECOPS_MLFLOW_PORT"),
        "Prefect": (settings.prefect_port, "RECOPS_PREFECT_PORT"),
        "Evidently": (settings.evidently_port, "RECOPS_EVIDENTLY_PORT"),
        "console": (settings.console_port, "RECOPS_CONSOLE_PORT"),
        "Envoy admin": (settings.envoy_admin_port, "RECOPS_ENVOY_ADMIN_PORT"),
    }


def check_ports(settings: Settings) -> None:
    """Refuses before anything is changed.

    Raises:
        PortTaken: a port is held; all of them are named.
    """
    taken = [
        (name, port, setting) for name, (port, setting) in ports(settings).items() if is_taken(settings.host, port)
    ]
    if taken:
        lines = [f"port {port} ({name}) is taken; free it, or move ours: {setting}=…" for name, port, setting in taken]
        raise PortTaken("\n".join(lines))
