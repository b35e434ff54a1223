"""The environment of the stack's processes, and the mark in it by which they are found again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from components.adapters.files.stack_secret import prefect_login
from components.config.settings import Settings

NO_TELEMETRY = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DVC_NO_ANALYTICS": "1",
    "BENTOML_DO_NOT_TRACK": "true",
    "OTEL_SDK_DISABLED": "true",
}


def stack_environment(settings: Settings) -> dict[str, str]:
    """The environment of all processes of the stack: the caller's own, which holds the secrets, and our settings.

    The operator's key stays with who called.
    """
    environment = dict(os.environ)
    environment.pop("RECOPS_OPERATOR_KEY", None)
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # without cached bytecode each start imports for seconds longer
    environment.update(NO_TELEMETRY)
    environment.update(
        {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(settings.project),
            "RECOPS_PROJECT": str(settings.project),
            "RECOPS_HOME": str(settings.root),
            "RECOPS_STACK": stack_mark(settings),
            "PREFECT_HOME": str(settings.root / "prefect"),
            "PREFECT_API_URL": settings.prefect_api_url,
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.5",
            "MLFLOW_TRACKING_URI": settings.mlflow_url,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "GIT_PYTHON_REFRESH": "quiet",
        }
    )
    if (login := prefect_login(settings)) is not None:
        environment |= {"PREFECT_SERVER_API_AUTH_STRING": login, "PREFECT_API_AUTH_STRING": login}
    return environment


def stack_mark(settings: Settings) -> str:
    """What marks the processes of this stack in their environment."""
    return settings.runtime_folder.name
