"""The typed form of params.yaml: every knob of an experiment, frozen, with unknown keys refused."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


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
    """When rows, or a whole ingest, are refused."""

    max_bad_share: float = Field(ge=0, le=1)
    min_value: float
    max_value: float


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


class Content(Section):
    """How texts are read: by their words, or as MiniLM's sentence embeddings, which need the extra `text`."""

    encoder: Literal["tf_idf", "minilm"] = "tf_idf"


class Train(Section):
    """Which recommender is trained, and how."""

    recommender: Literal["lightfm", "popularity"]
    seed: int
    lightfm: LightFM
    content: Content = Content()


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


class Diversity(Section):
    """How much relevance a list gives up for variety (0 none, 1 all), and how many items of a category it holds."""

    strength: float = Field(default=0.0, ge=0, le=1)
    max_per_category: int | None = Field(default=None, ge=1)


class Routing(Section):
    """Which users are cold, how many candidates a request keeps, and what becomes of them.

    `fold_in` names the recommenders that answer from interactions since training, those that the bundle has; with none
    of them, such interactions only mark items as seen.
    """

    cold_start_threshold: int = Field(ge=0)
    candidates: int = Field(ge=100)
    fold_in: list[str] = ["ease", "session", "item_to_item", "lightfm"]
    diversity: Diversity = Diversity()


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
