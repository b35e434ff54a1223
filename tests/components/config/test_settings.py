"""Settings come from the mapping that is handed over, and from nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.config.settings import Settings, SettingsError, load_settings

PLANTED = {
    "RECOPS_HOME": "/planted/home",
    "RECOPS_GATEWAY_PORT": "1234",
    "RECOPS_ALERT_URLS": "json://planted",
    "MLFLOW_TRACKING_URI": "http://planted:1",
    "PREFECT_API_URL": "http://planted:2/api",
    "ANTHROPIC_API_KEY": "sk-planted",
    "XDG_RUNTIME_DIR": "/planted/run",
    "TMPDIR": "/planted/tmp",
}


def everything(settings: Settings) -> dict[str, object]:
    properties = {name: getattr(settings, name) for name, kind in vars(Settings).items() if isinstance(kind, property)}
    return settings.model_dump() | properties


def test_an_empty_mapping_reads_nothing_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PLANTED:
        monkeypatch.delenv(name, raising=False)
    bare, made = everything(load_settings({})), everything(Settings())
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    assert everything(load_settings({})) == everything(Settings()) == bare == made
    assert "planted" not in str(bare)
    assert load_settings().gateway_port == 1234


def test_the_mapping_fills_what_other_programs_name() -> None:
    settings = load_settings(PLANTED)
    assert settings.mlflow_url == "http://planted:1"
    assert settings.prefect_api_url == "http://planted:2/api"
    assert settings.anthropic_api_key is not None
    assert settings.anthropic_api_key.get_secret_value() == "sk-planted"
    assert settings.runtime_folder.parent == Path("/planted/run")
    assert "sk-planted" not in repr(settings)


def test_an_empty_variable_of_another_program_counts_as_none() -> None:
    settings = load_settings({"ANTHROPIC_API_KEY": "  ", "MLFLOW_TRACKING_URI": "", "XDG_RUNTIME_DIR": ""})
    assert settings == load_settings({})


@pytest.mark.parametrize("name", ["RECOPS_GATWAY_PORT", "RECOPS_ANTHROPIC_API_KEY", "RECOPS_MLFLOW_TRACKING_URI"])
def test_an_unknown_setting_is_refused_by_name(name: str) -> None:
    with pytest.raises(SettingsError, match=rf"unknown setting {name}; known are .*RECOPS_HOME"):
        load_settings({name: "1"})


def test_a_wrong_value_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"^RECOPS_BLUE_PORT: .*integer"):
        load_settings({"RECOPS_BLUE_PORT": "many"})
