"""The typed form of params.yaml: every knob of an experiment, frozen, with unknown keys refused."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Section(BaseModel):
    """A group of parameters; an unknown key is an error that names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(Section):
    """`version` is a tag of the data registry, such as data-v7."""

    version: str


class Code(Section):
    """`digest` stands for the code of the stages, so that changed code runs again."""

    digest: str


class Ingest(Section):
    """When rows, or a whole ingest, are refused; `implicit_value` is what an interaction without a value counts as."""

    max_bad_share: float = Field(ge=0, le=1)
    min_value: float
    max_value: float
    implicit_value: float

    @model_validator(mode="after")
    def _implicit_value_is_in_range(self) -> Self:
        if not self.min_value <= self.implicit_value <= self.max_value:
            raise ValueError("implicit_value must lie between min_value and max_value")
        return self


class Prepare(Section):
    """Which interactions count as relevant."""

    positive_threshold: float


class Split(Section):
    """How train and test are cut."""

    protocol: Literal["per_user_temporal", "global_temporal"]
    test_share: float = Field(gt=0, lt=1)


class LightFM(Section):
    """Hyperparameters of LightFM with the WARP loss."""

    dimensions: int = Field(ge=1)
    epochs: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    max_sampled: int = Field(ge=1)
    item_alpha: float = Field(ge=0)
    user_alpha: float = Field(ge=0)
    label_weight: float = Field(ge=0)


class Train(Section):
    """Which recommender is trained, and how."""

    recommender: Literal["lightfm", "popularity"]
    seed: int
    lightfm: LightFM


class Index(Section):
    """The approximate index, and the recall below which it is refused; `kind` auto measures which path is faster."""

    kind: Literal["auto", "exact", "annoy"]
    trees: int = Field(ge=1)
    search_k: int = Field(ge=1)
    recall_at: int = Field(ge=1)
    min_recall: float = Field(ge=0, le=1)
    sample_users: int = Field(ge=1)
    seed: int


class Evaluate(Section):
    """List length and bootstrap of the offline evaluation."""

    k: int = Field(ge=1)
    bootstrap_samples: int = Field(ge=1)
    confidence: float = Field(gt=0, lt=1)
    seed: int


class Bundle(Section):
    """What the served bundle carries besides the model."""

    sample_users: int = Field(ge=1)


class Routing(Section):
    """Which users are cold, and how many candidates a request keeps."""

    cold_start_threshold: int = Field(ge=0)
    candidates: int = Field(ge=100)


class Gate(Section):
    """What a model must reach to become challenger."""

    metric: str
    max_relative_drop: float = Field(ge=0, lt=1)
    min_gain_over_popularity: float


class Promotion(Section):
    """Time limits of a promotion, in seconds."""

    lease_seconds: float = Field(gt=0)
    ready_timeout_seconds: float = Field(gt=0)
    smoke_timeout_seconds: float = Field(gt=0)


class Params(Section):
    """The whole of params.yaml."""

    data: Data
    code: Code
    ingest: Ingest
    prepare: Prepare
    split: Split
    train: Train
    index: Index
    evaluate: Evaluate
    bundle: Bundle
    routing: Routing
    gate: Gate
    promotion: Promotion
