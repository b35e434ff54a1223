"""The manifests, held against the schemas of their kinds and against what a slot and a cluster need."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from components.config.settings import PREFIX, Settings

FOLDER = Path(__file__).parents[2] / "deploy" / "kubernetes"
# kubernetes-validate brings the schemas of Kubernetes itself; this is the part of the Gateway API that we use.
REFERENCE = {"type": "object", "required": ["name"], "additionalProperties": False}
HTTP_ROUTE = {
    "type": "object",
    "required": ["parentRefs", "rules"],
    "additionalProperties": False,
    "properties": {
        "parentRefs": {"items": {**REFERENCE, "properties": {"name": {"type": "string"}}}},
        "rules": {
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "matches": {
                        "items": {
                            "properties": {
                                "path": {
                                    "required": ["type", "value"],
                                    "properties": {"type": {"enum": ["Exact", "PathPrefix", "RegularExpression"]}},
                                }
                            }
                        }
                    },
                    "filters": {"items": {"required": ["type"]}},
                    "backendRefs": {
                        "items": {
                            **REFERENCE,
                            "properties": {
                                "name": {"type": "string"},
                                "port": {"type": "integer", "minimum": 1, "maximum": 65535},
                                "weight": {"type": "integer", "minimum": 0, "maximum": 1_000_000},
                            },
                        }
                    },
                    "timeouts": {"properties": {"request": {"pattern": r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"}}},
                },
            },
        },
    },
}


def documents() -> Iterator[dict[str, Any]]:
    for name in yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]:
        yield from yaml.safe_load_all((FOLDER / name).read_text())


ALL = list(documents())
PODS = {each["metadata"]["name"]: each["spec"]["template"]["spec"] for each in ALL if each["kind"] == "Deployment"}


def named(kind: str) -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each for each in ALL if each["kind"] == kind}


@pytest.mark.parametrize("document", ALL, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_each_manifest_fits_the_schema_of_its_kind(document: dict[str, Any]) -> None:
    if document["apiVersion"].startswith("gateway.networking.k8s.io"):
        if document["kind"] == "HTTPRoute":
            jsonschema.validate(document["spec"], HTTP_ROUTE)
        return
    kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


def test_a_misspelt_key_would_be_noticed() -> None:
    wrong = {**named("Deployment")["recops-blue"], "specs": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("name", sorted(PODS))
def test_pods_run_without_root_on_a_read_only_disk_within_limits(name: str) -> None:
    pod = PODS[name]
    assert pod["securityContext"]["runAsNonRoot"] is True
    for container in [*pod["containers"], *pod.get("initContainers", [])]:
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("slot", ["blue", "green"])
def test_a_slot_has_probes_an_autoscaler_and_a_disruption_budget(slot: str) -> None:
    name = f"recops-{slot}"
    container = PODS[name]["containers"][0]
    assert container["args"] == [slot]
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert named("HorizontalPodAutoscaler")[name]["spec"]["minReplicas"] >= 2
    assert named("PodDisruptionBudget")[name]["spec"]["minAvailable"] >= 1
    selector = named("Service")[name]["spec"]["selector"]
    labels = named("Deployment")[name]["spec"]["template"]["metadata"]["labels"]
    assert selector.items() <= labels.items()


def test_the_route_knows_both_slots_and_strips_what_only_we_may_send() -> None:
    rule = named("HTTPRoute")["recops"]["spec"]["rules"][0]
    backends = {each["name"]: each["weight"] for each in rule["backendRefs"]}
    assert backends == {"recops-blue": 100, "recops-green": 0}
    removed = rule["filters"][0]["requestHeaderModifier"]["remove"]
    assert {"x-recops-probe", "x-recops-canary"} <= set(removed)


def test_the_console_is_reached_through_the_gateway_alone_and_may_call_no_api() -> None:
    rules = named("HTTPRoute")["recops-console"]["spec"]["rules"]
    assert rules[0]["matches"][0]["path"] == {"type": "PathPrefix", "value": "/console"}
    (backend,) = rules[0]["backendRefs"]
    service = named("Service")[backend["name"]]["spec"]
    assert backend["port"] == service["ports"][0]["port"] == Settings().console_port
    assert service["selector"] == named("NetworkPolicy")["console"]["spec"]["podSelector"]["matchLabels"]
    account = named("ServiceAccount")[PODS["recops-console"]["serviceAccountName"]]
    assert account["automountServiceAccountToken"] is False


def test_every_setting_exists_and_every_key_that_a_slot_needs_is_demanded() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    generator = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["configMapGenerator"][0]["literals"]
    asked = [line.split("=")[0] for line in (FOLDER / "secrets.env.example").read_text().splitlines() if "=" in line]
    variables = [each for container in (PODS["recops-blue"], PODS["recops-green"]) for each in container["containers"]]
    names = [entry["name"] for container in variables for entry in container["env"]]
    used = {name for name in [*(line.split("=")[0] for line in generator), *asked, *names] if name.startswith(PREFIX)}
    assert used <= known
    secrets = [entry["valueFrom"]["secretKeyRef"] for c in variables for entry in c["env"] if "valueFrom" in entry]
    demanded = {each["key"] for each in secrets if not each.get("optional")}
    assert demanded == {"RECOPS_EVENT_STORE_URL", "RECOPS_CACHE_URL", "RECOPS_USER_SALT"}
    assert demanded <= set(asked)


OWN = {
    "recops-mlflow": {
        *("MLFLOW_BACKEND_STORE_URI", "MLFLOW_ARTIFACTS_DESTINATION"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    },
    "recops-prefect": {"PREFECT_SERVER_DATABASE_CONNECTION_URL", "PREFECT_SERVER_API_AUTH_STRING"},
}


def test_a_pod_is_given_its_own_secrets_alone() -> None:
    given: dict[str, set[str]] = {}
    for name, pod in PODS.items():
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert not any("secretRef" in source for source in container.get("envFrom", [])), name
            entries = [each["valueFrom"]["secretKeyRef"]["key"] for each in container["env"] if "valueFrom" in each]
            given.setdefault(name, set()).update(entries)
    assert {name: given[name] for name in OWN} == OWN
    others = set().union(*OWN.values()) - {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert all(not given[name] & others for name in given if name not in OWN)
    asked = [line.split("=")[0] for line in (FOLDER / "secrets.env.example").read_text().splitlines() if "=" in line]
    demanded = {
        each["valueFrom"]["secretKeyRef"]["key"]
        for pod in PODS.values()
        for container in [*pod["containers"], *pod.get("initContainers", [])]
        for each in container["env"]
        if "valueFrom" in each and not each["valueFrom"]["secretKeyRef"].get("optional")
    }
    assert demanded == set(asked)


def test_the_stacks_secret_is_out_of_reach_of_what_serves_models_and_starts_flows() -> None:
    for name in OWN:
        assert [volume["name"] for volume in PODS[name]["volumes"]] == ["tmp"]
        assert PODS[name]["automountServiceAccountToken"] is False


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_nothing_is_built_without_the_secrets(tmp_path: Path) -> None:
    folder = tmp_path / "kubernetes"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("secrets.env"))
    without = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert without.returncode != 0
    assert "secrets.env" in without.stderr
    (folder / "secrets.env").write_text((folder / "secrets.env.example").read_text())
    given = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert given.returncode == 0, given.stderr
    assert {each["kind"] for each in yaml.safe_load_all(given.stdout)} >= {"Secret", "ConfigMap", "HTTPRoute"}
