"""The work pools that are declared are ones that Prefect takes, and differ from its own where we mean them to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import prefect.server.api.collections_data.views as prefect_views
import pytest
import yaml
from prefect.server.schemas.actions import WorkPoolCreate
from prefect.utilities.schema_tools.validation import is_valid_schema, validate

DEPLOY = Path(__file__).parents[2] / "deploy"
FOLDER = DEPLOY / "work-pools"
KINDS = ("process", "docker", "kubernetes")
OURS = {"containers", "securityContext", "volumes"}
"""What the manifest of a Job of ours says of a pod, and Prefect's does not."""


def declared(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{kind}.json").read_text())
    return found


def of_prefect(kind: str) -> dict[str, Any]:
    """The template that Prefect's own worker of this kind brings."""
    file = Path(next(iter(prefect_views.__path__))) / "aggregate-worker-metadata.json"
    by_package = json.loads(file.read_text())
    return next(each[kind]["default_base_job_configuration"] for each in by_package.values() if kind in each)


def without_defaults(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: {key: value for key, value in each.items() if key != "default"} for name, each in properties.items()}


def defaults(kind: str) -> dict[str, Any]:
    properties = declared(kind)["variables"]["properties"]
    return {name: each["default"] for name, each in properties.items() if "default" in each}


@pytest.mark.parametrize("kind", KINDS)
def test_prefect_takes_the_pool_and_its_values(kind: str) -> None:
    template = declared(kind)
    assert WorkPoolCreate(name="recops", type=kind, base_job_template=template).base_job_template == template
    is_valid_schema(template["variables"])
    assert validate(defaults(kind), template["variables"]) == []


def test_a_value_of_another_type_is_found() -> None:
    assert validate({**defaults("docker"), "volumes": "state"}, declared("docker")["variables"])


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_but_defaults_and_the_pod_differs_from_prefects_own(kind: str) -> None:
    """An upgrade of Prefect that changes its templates is noticed here."""
    ours, theirs = declared(kind), of_prefect(kind)
    names = ours["variables"].pop("properties"), theirs["variables"].pop("properties")
    assert without_defaults(names[0]) == without_defaults(names[1])
    if kind == "kubernetes":
        pods = [each["job_configuration"]["job_manifest"]["spec"]["template"]["spec"] for each in (ours, theirs)]
        container, own = pods[0]["containers"][0], pods[1]["containers"][0]
        assert own.items() <= container.items()
        for pod in pods:
            for name in OURS & pod.keys():
                del pod[name]
    assert ours == theirs


def test_a_job_in_the_cluster_is_one_that_kubernetes_takes() -> None:
    filled = {**dict.fromkeys(declared("kubernetes")["variables"]["properties"], "given"), **defaults("kubernetes")}
    text = json.dumps(declared("kubernetes")["job_configuration"]["job_manifest"])
    filled |= {"command": ["prefect", "flow-run", "execute"], "labels": {"flow": "retrain"}, "cpu_limit": "2"}
    filled["env"] = [{"name": name, "value": value} for name, value in filled["env"].items()]
    text = re.sub(r'"\{\{ (\w+) \}\}"', lambda match: json.dumps(filled[match[1]]), text)
    text = re.sub(r"\{\{ (\w+) \}\}", lambda match: str(filled[match[1]]), text)
    job = json.loads(text)
    for name in ("parallelism", "completions"):  # which Prefect says of the pod, where Kubernetes passes them over
        assert job["spec"]["template"]["spec"].pop(name) == 1
    kubernetes_validate.validate(job, "1.30", strict=True)


def test_a_job_in_the_cluster_runs_as_the_worker_does() -> None:
    manifests = yaml.safe_load_all((DEPLOY / "kubernetes" / "platform.yaml").read_text())
    worker = next(each for each in manifests if each["metadata"]["name"] == "recops-worker" and "spec" in each)
    pod = worker["spec"]["template"]["spec"]
    job = declared("kubernetes")["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    assert (job["securityContext"], job["volumes"]) == (pod["securityContext"], pod["volumes"])
    for name in ("securityContext", "volumeMounts"):
        assert job["containers"][0][name] == pod["containers"][0][name]
    assert defaults("kubernetes")["service_account_name"] == pod["serviceAccountName"]
    assert defaults("kubernetes")["image"] == pod["containers"][0]["image"]


def test_a_container_gets_what_the_worker_of_compose_has() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    worker, env = compose["services"]["worker"], defaults("docker")["env"]
    needed = {name: value for name, value in worker["environment"].items() if not str(value).endswith(":-}")}
    assert env.keys() == needed.keys()
    for name, value in needed.items():
        assert env[name] == value if "$" not in value else env[name].startswith("{{ prefect.blocks.secret.")
    assert defaults("docker")["image"] == worker["image"]
    assert defaults("docker")["volumes"] == [f"recops_{volume}" for volume in worker["volumes"]]
