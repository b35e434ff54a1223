"""Keeps the versions of the registered model in MLflow, one for each bundle, and gives their bytes back checked."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from components.adapters.dvc.folder_md5 import file_md5s, listing_md5
from components.adapters.mlflow.aliases import MODEL_NAME
from components.adapters.mlflow.run import (
    BUNDLE_LISTING,
    EXPERIMENT,
    PARAMS_FILE,
    TrainingRecord,
    lineage_tags,
    log_training,
)
from components.params.older_form import train_config_of
from components.params.train import TrainConfig

MLFLOW_SWITCHES = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "4",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Environment of MLflow's client, for want of arguments: no reports home, no call longer than 30 s and four more tries
(half a minute in all when nobody answers), no bars and banners in logs. What is set already stays."""

REMOVED_TAG = "bundle_removed"
CHAMPION = "champion"
CHALLENGER = "challenger"


class ModelRegistryError(Exception):
    """MLflow refused, does not answer, or does not know what was asked for."""


class ModelArtifactError(ModelRegistryError):
    """The bytes of a bundle are not those that were registered; the message names the files."""


class RecipeError(ModelRegistryError):
    """The parameters of a version cannot be used with today's code; the message names the key."""


@dataclass(frozen=True)
class ModelVersion:
    """A version of the registered model, with the tags it has now and the metrics of the run that made it."""

    version: int
    run_id: str
    tags: Mapping[str, str]
    metrics: Mapping[str, float]

    @property
    def bundle_md5(self) -> str:
        return self.tags["bundle_md5"]

    @property
    def data_version(self) -> str:
        return self.tags["data_version"]

    @property
    def uri(self) -> str:
        return f"models:/{MODEL_NAME}/{self.version}"


class ModelRegistry:
    """Runs and model versions at an MLflow address: a server, or a database such as `sqlite:///…`."""

    def __init__(self, tracking_url: str) -> None:
        self._url = tracking_url

    def register(self, record: TrainingRecord) -> ModelVersion:
        """Logs the run with its model and registers a version; a bundle that is registered gets its version back.

        Runs that a killed process left open for the same bundle are closed as KILLED.

        Raises:
            ModelArtifactError: `record.bundle` is not what the pipeline run made.
            ModelRegistryError: MLflow refused or does not answer.
        """
        bundle_md5 = record.run.bundle_md5
        if (known := self.version_of_bundle(bundle_md5)) is not None:
            return known
        if (found := listing_md5(file_md5s(record.bundle))) != bundle_md5:
            raise ModelArtifactError(f"{record.bundle} has md5 {found}, but {record.run.tag} made {bundle_md5}")
        with self._client() as client:
            import mlflow

            _close_open_runs(client, bundle_md5)
            logged = log_training(record)
            made = mlflow.register_model(logged.model_uri, MODEL_NAME, tags=lineage_tags(record))
            return _version(client, made)

    def version(self, number: int) -> ModelVersion:
        """Version `number` as it is now.

        Raises:
            ModelRegistryError: there is none.
        """
        with self._client() as client:
            return _version(client, client.get_model_version(MODEL_NAME, str(number)))

    def version_of_bundle(self, bundle_md5: str) -> ModelVersion | None:
        """The version that was registered with this bundle."""
        with self._client() as client:
            wanted = f"name = '{MODEL_NAME}' and tags.bundle_md5 = '{bundle_md5}'"
            found = client.search_model_versions(wanted, max_results=1)
            return _version(client, found[0]) if found else None

    def version_with_alias(self, alias: str) -> ModelVersion | None:
        """The version that `alias` names, if any."""
        with self._client() as client:
            found = client.search_registered_models(f"name = '{MODEL_NAME}'")
            number = found[0].aliases.get(alias) if found else None
            return None if number is None else _version(client, client.get_model_version(MODEL_NAME, str(number)))

    def set_alias(self, alias: str, number: int) -> None:
        """Lets `alias` name version `number`."""
        with self._client() as client:
            client.set_registered_model_alias(MODEL_NAME, alias, str(number))

    def drop_alias(self, alias: str, number: int) -> None:
        """Lets `alias` name nothing, where it names version `number`."""
        named = self.version_with_alias(alias)
        if named is not None and named.version == number:
            with self._client() as client:
                client.delete_registered_model_alias(MODEL_NAME, alias)

    def named_versions(self) -> set[int]:
        """The versions that an alias names."""
        with self._client() as client:
            found = client.search_registered_models(f"name = '{MODEL_NAME}'")
            return {int(number) for number in found[0].aliases.values()} if found else set()

    def drop_bundle(self, number: int) -> bool:
        """Deletes the bytes of version `number`; the version stays, with a tag that says so. False if it has that tag.

        The bytes can be had again from DVC, by the tag `bundle_md5`.
        """
        with self._client() as client:
            from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

            found = client.get_model_version(MODEL_NAME, str(number))
            if REMOVED_TAG in found.tags:
                return False
            source = client.get_model_version_download_uri(MODEL_NAME, str(number))
            get_artifact_repository(source).delete_artifacts("artifacts/bundle")  # type: ignore[no-untyped-call]
            client.set_model_version_tag(MODEL_NAME, str(number), REMOVED_TAG, "by retention; DVC has it still")
            return True

    def set_tags(self, number: int, tags: Mapping[str, str]) -> None:
        """Adds tags to version `number`, or changes them."""
        with self._client() as client:
            for key, value in tags.items():
                client.set_model_version_tag(MODEL_NAME, str(number), key, value)

    def recipe_of(self, version: ModelVersion) -> TrainConfig:
        """The section `train` of the parameters that `version` was made with.

        Raises:
            RecipeError: it has keys or values that this code does not know.
        """
        with self._client() as client, tempfile.TemporaryDirectory() as scratch:
            path = Path(client.download_artifacts(version.run_id, PARAMS_FILE, scratch))
            try:
                return train_config_of(yaml.safe_load(path.read_text())["train"])
            except ValidationError as error:
                first = error.errors()[0]
                key = ".".join(str(part) for part in ("train", *first["loc"]))
                raise RecipeError(
                    f"the parameters of {version.uri} are of another form: {key}: {first['msg']}"
                ) from error

    def download_bundle(self, version: ModelVersion, to: Path) -> None:
        """Writes the bundle of `version` to the folder `to`, which must not exist, once its md5 is the registered one.

        Raises:
            ModelArtifactError: files are missing, damaged or too many; `to` is not made.
            ModelRegistryError: MLflow cannot give the artifact.
        """
        to.parent.mkdir(parents=True, exist_ok=True)
        with self._client() as client, tempfile.TemporaryDirectory(dir=to.parent) as scratch:
            import mlflow

            source = f"{version.uri}/artifacts/bundle"
            found = Path(mlflow.artifacts.download_artifacts(artifact_uri=source, dst_path=scratch))
            md5s = file_md5s(found)
            if listing_md5(md5s) != version.bundle_md5:
                listing = client.download_artifacts(version.run_id, BUNDLE_LISTING, scratch)
                raise ModelArtifactError(
                    f"the bundle of {version.uri} is not {version.bundle_md5}, as registered: "
                    + _differences(json.loads(Path(listing).read_text()), md5s)
                )
            shutil.move(found, to)

    def _client(self) -> AbstractContextManager[Any]:
        return mlflow_client(self._url)


@contextmanager
def mlflow_client(url: str) -> Iterator[Any]:
    """MLflow's client at this address; what MLflow raises comes out as ModelRegistryError."""
    for switch, value in MLFLOW_SWITCHES.items():
        os.environ.setdefault(switch, value)
    import mlflow
    from mlflow.exceptions import MlflowException

    mlflow.set_tracking_uri(url)
    mlflow.set_registry_uri(url)
    try:
        yield mlflow.MlflowClient(url, url)
    except MlflowException as error:
        raise ModelRegistryError(f"MLflow at {url}: {error}") from error


def _version(client: Any, found: Any) -> ModelVersion:
    metrics = client.get_run(found.run_id).data.metrics
    return ModelVersion(int(found.version), found.run_id, dict(found.tags), dict(metrics))


def _close_open_runs(client: Any, bundle_md5: str) -> None:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    if experiment is None:
        return
    left = f"tags.bundle_md5 = '{bundle_md5}' and attributes.status = 'RUNNING'"
    for run in client.search_runs([experiment.experiment_id], left):
        client.set_terminated(run.info.run_id, "KILLED")


def _differences(registered: Mapping[str, str], found: Mapping[str, str]) -> str:
    missing = [f"{path} is missing" for path in sorted(registered.keys() - found.keys())]
    extra = [f"{path} is not part of it" for path in sorted(found.keys() - registered.keys())]
    both = sorted(registered.keys() & found.keys())
    damaged = [f"{path} is damaged" for path in both if registered[path] != found[path]]
    return "; ".join(missing + damaged + extra)
