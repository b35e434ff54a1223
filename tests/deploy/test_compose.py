"""The compose file: it refuses to start without keys, and names only what exists."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.config.settings import PREFIX, Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
FILE = DEPLOY / "compose.yaml"
KEYS = {"POSTGRES_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY", "RECOPS_USER_SALT", "PREFECT_LOGIN"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded = yaml.safe_load(FILE.read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_every_setting_in_the_environment_of_a_service_exists(compose: dict[str, Any]) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    used = {
        name
        for service in compose["services"].values()
        for name in service.get("environment", {})
        if name.startswith(PREFIX)
    }
    assert used
    assert used <= known


def test_each_key_is_demanded_wherever_it_is_used_and_asked_for_in_the_example() -> None:
    text = FILE.read_text()
    for key in KEYS:
        assert set(re.findall(rf"(?<!\$)\${{{key}([^}}]*)}}", text)) == {":?set it in deploy/secrets.env"}, key
    example = (DEPLOY / "secrets.env.example").read_text()
    asked = re.findall(r"^([A-Z0-9_]+)=$", example, re.MULTILINE)
    assert set(asked) >= KEYS


def test_services_wait_only_for_services_that_are_there_and_publish_on_loopback_only(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {"envoy", "blue", "green", "console", "postgres", "redis", "s3", "prefect", "mlflow", "worker"} <= set(
        services
    )
    for name, service in services.items():
        assert set(service.get("depends_on", [])) <= set(services), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name


def test_the_gateway_knows_where_the_console_is_and_nothing_else_publishes_it(compose: dict[str, Any]) -> None:
    services = compose["services"]
    settings = Settings(console_endpoint=services["setup"]["environment"]["RECOPS_CONSOLE_ENDPOINT"])
    assert settings.console_address() == ("console", Settings().console_port)
    assert services["console"]["entrypoint"] == ["python", "-m", "console"]
    assert "ports" not in services["console"]


def test_files_that_the_images_are_made_of_are_there(compose: dict[str, Any]) -> None:
    root = DEPLOY.parent
    for service in compose["services"].values():
        if "build" in service:
            dockerfile = root / service["build"]["dockerfile"]
            for line in dockerfile.read_text().splitlines():
                if line.startswith("COPY ") and "--from" not in line:
                    assert all((root / source).exists() for source in line.split()[1:-1]), line


SECRETS = {
    "envoy": set(),
    "console": {"POSTGRES_PASSWORD", "PREFECT_LOGIN"},
    "prefect": {"POSTGRES_PASSWORD", "PREFECT_LOGIN"},
    "mlflow": {"POSTGRES_PASSWORD", "S3_ACCESS_KEY", "S3_SECRET_KEY"},
    "bucket": {"S3_ACCESS_KEY", "S3_SECRET_KEY"},
    "blue": {"POSTGRES_PASSWORD", "RECOPS_USER_SALT", "ANTHROPIC_API_KEY"},
    "green": {"POSTGRES_PASSWORD", "RECOPS_USER_SALT", "ANTHROPIC_API_KEY"},
}


@pytest.mark.parametrize("name", SECRETS)
def test_a_service_is_given_its_own_secrets_alone(compose: dict[str, Any], name: str) -> None:
    environment = compose["services"][name]["environment"]
    given = {key for value in environment.values() for key in re.findall(r"\${([A-Z0-9_]+)", str(value))}
    assert given == SECRETS[name]


def test_the_stacks_secret_is_out_of_reach_of_what_serves_models_and_starts_flows(compose: dict[str, Any]) -> None:
    for name in ("mlflow", "prefect", "bucket"):
        assert compose["services"][name]["volumes"] == []


def test_what_we_build_runs_without_privileges_on_a_read_only_disk_within_limits(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if "build" in service:
            assert service["read_only"] is True, name
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name
            assert service["mem_limit"], name


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="docker-compose is not installed")
def test_docker_compose_accepts_the_file_with_keys_and_refuses_it_without(tmp_path: Path) -> None:
    command = ["docker-compose", "-f", str(FILE)]
    keys = tmp_path / "keys.env"
    keys.write_text("".join(f"{key}=a\n" for key in sorted(KEYS)))
    refused = subprocess.run([*command, "config", "-q"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert refused.returncode != 0
    assert "set it in deploy/secrets.env" in refused.stderr
    given = [*command, "--env-file", str(keys), "config", "-q"]
    accepted = subprocess.run(given, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert accepted.returncode == 0, accepted.stderr
