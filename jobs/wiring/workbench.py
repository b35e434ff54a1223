"""Builds every client, registry and router that jobs act on, from the settings and the params of this process."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from components.config.settings import Settings, load_settings
from components.rollout.routing import SLOTS, Slot

if TYPE_CHECKING:
    from components.adapters.alerting.apprise_channel import AppriseChannel
    from components.adapters.dvc.data_registry import DataRegistry
    from components.adapters.dvc.pipeline_repository import PipelineRepository
    from components.adapters.envoy.router import EnvoyRouter
    from components.adapters.llm.claude_batches import ClaudeBatches
    from components.adapters.llm.models import Models
    from components.adapters.mlflow.aliases import MlflowAliases
    from components.adapters.mlflow.prompts import PromptRegistry
    from components.adapters.mlflow.registry import ModelRegistry
    from components.adapters.prefect_api import PrefectApi
    from components.adapters.slots.supervisor import Supervisor
    from components.config.llm import LlmConfig
    from components.params.params import Params
    from components.rollout.ports import Router, Slots, World
    from jobs.wiring.event_store import EventStore

PARAMS = "params.yaml"
ADMIN_SOCKET = Path("/tmp/recops-envoy.sock")  # noqa: S108 - inside the gateway's container, which has nobody else
PRESETS = "presets"


def open_workbench(environ: Mapping[str, str] | None = None) -> Workbench:
    """The workbench of this process, from its environment; leave it as a context, which lets go of what was opened.

    Raises:
        components.config.settings.SettingsError: a variable `RECOPS_*` is unknown or wrong.
    """
    return Workbench(load_settings(environ))


class Workbench:
    """What the jobs of one process act on. Each part is made when it is first asked for, and imported only then.

    Args:
        params: in place of those in params.yaml.
    """

    def __init__(self, settings: Settings, params: Params | None = None) -> None:
        self.settings = settings
        if params is not None:
            self.params = params

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the event store, if it was opened."""
        if "store" in self.__dict__:
            self.store.close()

    @cached_property
    def params(self) -> Params:
        """What params.yaml says; raises ParamsError."""
        return self.read_params()

    def read_params(self) -> Params:
        """What params.yaml says now, for a process that lives long; raises ParamsError."""
        from components.adapters.files.params_file import read_params

        return read_params(self.settings.project / PARAMS)

    def read_preset(self, name: str) -> Mapping[str, Any]:
        """What a preset changes in params.yaml, by dotted path; raises ParamsError."""
        from components.adapters.files.params_file import read_preset

        return read_preset(self.settings.project / PRESETS, name)

    def set_data_version(self, tag: str) -> Path:
        """Names a data version in params.yaml; returns the file. Raises ParamsError."""
        from components.adapters.files.params_file import set_data_version

        set_data_version(self.settings.project / PARAMS, tag)
        return self.settings.project / PARAMS

    @cached_property
    def store(self) -> EventStore:
        """The event store, and all that is kept in it."""
        from jobs.wiring.event_store import EventStore

        return EventStore(self.settings, lambda: self.params)

    @cached_property
    def data(self) -> DataRegistry:
        """The data versions."""
        from components.adapters.dvc.data_registry import DataRegistry

        return DataRegistry(self.settings)

    @cached_property
    def pipeline(self) -> PipelineRepository:
        """Where flows run the training pipeline."""
        from components.adapters.dvc.pipeline_repository import PipelineRepository

        return PipelineRepository(self.settings)

    @cached_property
    def models(self) -> ModelRegistry:
        """The registered models."""
        from components.adapters.mlflow.registry import ModelRegistry

        return ModelRegistry(self.settings.mlflow_url)

    @cached_property
    def prompts(self) -> PromptRegistry:
        """The registered prompts."""
        from components.adapters.mlflow.prompts import PromptRegistry

        return PromptRegistry(self.settings.mlflow_url)

    @cached_property
    def prefect(self) -> PrefectApi:
        """Prefect's server."""
        from components.adapters.files.stack_secret import prefect_login
        from components.adapters.prefect_api import PrefectApi

        return PrefectApi(self.settings.prefect_api_url, prefect_login(self.settings))

    @cached_property
    def supervisor(self) -> Supervisor:
        """What runs the processes of this project's stack."""
        from components.adapters.slots.supervisor import Supervisor

        return Supervisor(self.settings.runtime_folder, self.settings.logs_folder)

    @cached_property
    def envoy(self) -> EnvoyRouter:
        """The gateway of the local stack."""
        from components.adapters.envoy.router import EnvoyRouter

        at = self.settings
        endpoints: dict[Slot, Sequence[tuple[str, int]]] = {slot: at.slot_endpoints(slot) for slot in SLOTS}
        folder = at.root / "envoy"
        return EnvoyRouter(
            folder,
            at.host,
            at.gateway_port,
            at.envoy_admin_port,
            endpoints,
            at.gateway_host,
            at.runtime_folder / "envoy.sock" if at.processes == "supervisor" else ADMIN_SOCKET,
            at.requests_per_address_minute,
            at.console_address(),
        )

    @cached_property
    def router(self) -> Router:
        """What sends requests to the slots: our Envoy, or the cluster's gateway."""
        if self.settings.router == "gateway_api":
            from components.adapters.envoy.gateway_api_router import GatewayApiRouter, cluster_of_pod

            return GatewayApiRouter(cluster_of_pod(os.environ), self.settings.kubernetes_route)
        return self.envoy

    @cached_property
    def slots(self) -> Slots:
        """The two slots: under our supervisor, or in containers that follow the store."""
        if self.settings.processes == "containers":
            from components.adapters.slots.followed import FollowedSlots

            return FollowedSlots(self.settings.slot_urls, self.bento_folder)
        from components.adapters.slots.supervised import SupervisedSlots

        folder, logs = self.settings.root / "slots", self.settings.logs_folder
        return SupervisedSlots(self.supervisor, folder, logs, self.settings.slot_urls, self.bento_folder)

    @cached_property
    def world(self) -> World:
        """What promotions, rollbacks and reconciliation act on; raises NothingThereError without an event store."""
        from components.rollout.ports import World

        return World(self.store.releases, self.slots, self.router, self.aliases, self.store.canary_traffic)

    @cached_property
    def aliases(self) -> MlflowAliases:
        """The names that versions of the model have in MLflow."""
        from components.adapters.mlflow.aliases import MlflowAliases

        return MlflowAliases(self.settings.mlflow_url)

    def project_prompt(self) -> str:
        """The text of the project's own prompt."""
        from components.reranking.prompt import PROMPT

        return (self.settings.project / "prompts" / f"{PROMPT}.md").read_text()

    def bento_folder(self, tag: str) -> Path:
        """Where the Bento store keeps this tag (`name:version`)."""
        name, version = tag.split(":")
        return self.settings.root / "bentoml" / "bentos" / name / version

    @property
    def alert_channels(self) -> tuple[AppriseChannel, ...]:
        """The addresses of RECOPS_ALERT_URLS; raises ChannelError where one is not understood."""
        from components.adapters.alerting.apprise_channel import channels_of

        urls = self.settings.alert_urls
        return channels_of(urls.get_secret_value() if urls else "")

    def asks_model(self, llm: LlmConfig) -> bool:
        """Whether a variant with these parameters asks a language model; raises SettingsError where a key lacks."""
        from bentos.language_model import is_on

        return is_on(llm, self.settings)

    def llm_client(self, llm: LlmConfig) -> Models:
        """A client for the tiers, with their keys; whoever asks for it closes it. Raises SettingsError."""
        from bentos.language_model import tier_keys
        from components.adapters.llm.models import Models

        return Models(llm, self.settings.llm_base_url, self.settings.anthropic_api_key, tier_keys(llm))

    def llm_batches(self) -> ClaudeBatches | None:
        """A client of the Batches API, None without a key; whoever asks for it closes it."""
        from components.adapters.llm.claude_batches import ClaudeBatches

        key = self.settings.anthropic_api_key
        return None if key is None else ClaudeBatches(self.settings.llm_base_url, key)
