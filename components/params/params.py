"""The typed form of params.yaml: every knob of an experiment, frozen, with unknown keys refused."""

from __future__ import annotations

from components.config.bundle import BundleConfig
from components.config.code import CodeConfig
from components.config.data import DataConfig
from components.config.evaluate import EvaluateConfig
from components.config.gate import GateConfig
from components.config.index import IndexConfig
from components.config.ingest import IngestConfig
from components.config.llm import LlmConfig
from components.config.monitor import MonitorConfig
from components.config.prepare import PrepareConfig
from components.config.promotion import PromotionConfig
from components.config.retention import RetentionConfig
from components.config.routing import RoutingConfig
from components.config.section import Section
from components.config.shadow import ShadowConfig
from components.config.split import SplitConfig
from components.params.train import TrainConfig


class Params(Section):
    """The whole of params.yaml."""

    data: DataConfig
    code: CodeConfig
    ingest: IngestConfig
    prepare: PrepareConfig
    split: SplitConfig
    train: TrainConfig
    index: IndexConfig
    evaluate: EvaluateConfig
    bundle: BundleConfig
    routing: RoutingConfig
    llm: LlmConfig
    gate: GateConfig
    promotion: PromotionConfig
    shadow: ShadowConfig
    retention: RetentionConfig
    monitor: MonitorConfig
