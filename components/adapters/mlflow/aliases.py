"""Moves an alias of the registered model, and tags its versions, over MLflow's REST interface.

The MLflow client takes seconds to import; a rollback has to be done in less.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass

from components.reranking.prompt import PROMPT
from components.rollout.ports import StepFailed

MODEL_NAME = "recops-recommender"


@dataclass(frozen=True)
class NamedVersion:
    """A version of the model that an alias names, the run that made it, and its tags."""

    version: int
    run_id: str
    tags: Mapping[str, str]


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

    def version_of(self, alias: str) -> NamedVersion | None:
        """What `alias` names now; None where it names nothing.

        Raises:
            StepFailed: MLflow does not answer in time, or refuses.
        """
        query = urllib.parse.urlencode({"name": MODEL_NAME, "alias": alias})
        url = f"{self._url}/registered-models/alias?{query}"
        try:
            with urllib.request.urlopen(url, timeout=self._timeout) as reply:  # noqa: S310 - the configured MLflow
                found = json.load(reply)["model_version"]
        except urllib.error.HTTPError as error:
            if error.code in (400, 404):
                error.close()
                return None
            raise StepFailed(f"MLflow refuses: {error.read().decode(errors='replace')[:200]}") from error
        except (OSError, ValueError) as error:
            raise StepFailed(f"MLflow does not answer at {url}: {error}") from error
        tags = {tag["key"]: tag["value"] for tag in found.get("tags", [])}
        return NamedVersion(int(found["version"]), str(found.get("run_id", "")), tags)

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
