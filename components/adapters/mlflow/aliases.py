"""Moves an alias of the registered model, and tags its versions, over MLflow's REST interface.

The MLflow client takes seconds to import; a rollback has to be done in less.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from components.reranking.prompt import PROMPT
from components.rollout.ports import StepFailed

MODEL_NAME = "recops-recommender"


class MlflowAliases:
    """`components.rollout.ports.Aliases` at an MLflow server's address."""

    def __init__(self, tracking_url: str, timeout: float = 1.0) -> None:
        self._url = f"{tracking_url}/api/2.0/mlflow"
        self._timeout = timeout

    def point(self, alias: str, model_version: int, prompt_version: int | None) -> None:
        """Let `alias` name this version of the model and, where there is one, this one of the prompt.

        Raises:
            StepFailed: MLflow does not answer in time, or refuses.
        """
        self._post("registered-models/alias", MODEL_NAME, {"alias": alias, "version": str(model_version)})
        if prompt_version is not None:
            self._post("registered-models/alias", PROMPT, {"alias": alias, "version": str(prompt_version)})

    def note(self, model_version: int, key: str, value: str) -> None:
        """Write a tag on this version of the model.

        Raises:
            StepFailed: MLflow does not answer in time, or refuses.
        """
        self._post("model-versions/set-tag", MODEL_NAME, {"version": str(model_version), "key": key, "value": value})

    def _post(self, what: str, name: str, values: dict[str, str]) -> None:
        url, body = f"{self._url}/{what}", json.dumps({"name": name, **values}).encode()
        request = urllib.request.Request(url, body, {"content-type": "application/json"}, method="POST")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=self._timeout):  # noqa: S310 - the configured MLflow
                return
        except urllib.error.HTTPError as error:
            raise StepFailed(f"MLflow refuses: {error.read().decode(errors='replace')[:200]}") from error
        except OSError as error:
            raise StepFailed(f"MLflow does not answer at {url}: {error}") from error
