"""The typed form of params.yaml: every knob of an experiment, frozen, with unknown keys refused.

Longer than most files because it is read beside params.yaml, in its order; sections with laws of their own have a file.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from components.config.llm import Llm
from components.config.monitor import Monitor
from components.config.promotion import Promotion
from components.config.section import Section
from components.config.shadow import Shadow


class Data(Section):
    """`version` is a tag of the data registry, such as data-v7."""

    version: str


class Code(Section):
    """`digest` stands for the code of the stages, so that changed code runs again."""

    digest: str


class Ingest(Section):
    """When rows, or a whole ingest, are refused; `implicit_value` is what an interaction without a value counts as.

    Feedback that names no request answers to what was shown at most `attribution_hours` before.
    """

    max_bad_share: float = Field(ge=0, le=1)
    min_value: float
    max_value: float
    implicit_value: float
    attribution_hours: float = Field(default=24.0, ge=0)

    @model_validator(mode="after")
    def _implicit_value_is_in_range(self) -> Self:
        if not self.min_value <= self.implicit_value <= self.max_value:
            raise ValueError("implicit_value must lie between min_value and max_value")
        return self


class Prepare(Section):
    """Which interactions count as relevant."""

    positive_threshold: float


class SplitParams(Section):
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
    seed_offset: int = Field(default=0, ge=0)


class Ease(Section):
    """EASE. Its time is cubic in `max_items`, the most items, or users if there are fewer, that it takes on."""

    regularisation: float = Field(default=300.0, gt=0)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=20_000, ge=1)


class EaseValued(Ease):
    """EASE by value; a user's interactions weigh 1/e after `fade` places, or all alike with 0."""

    fade: float = Field(default=40.0, ge=0)


class UserEase(Ease):
    """EASE between users; `max_items` bounds users here."""

    regularisation: float = Field(default=600.0, gt=0)


class ItemToItem(Section):
    """Co-occurrence of items."""

    similarity: Literal["cosine", "lift"] = "cosine"
    shrink: float = Field(default=10.0, ge=0)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=200_000, ge=1)


class UserNeighbours(Section):
    """Neighbours among users; `max_items` bounds users here."""

    shrink: float = Field(default=5.0, ge=0)
    top: int = Field(default=100, ge=1)
    max_items: int = Field(default=50_000, ge=1)


class Session(Section):
    """Transitions between items at most `window` places apart, asked with each user's `last` items.

    Both a transition and a user's own items fade by 1/e over so many places; `window_fade` None means `fade`.
    """

    window: int = Field(default=10, ge=1)
    last: int = Field(default=10, ge=1)
    fade: float = Field(default=5.0, gt=0)
    window_fade: float | None = Field(default=None, gt=0)
    both_ways: bool = False
    shrink: float = Field(default=5.0, gt=0)
    popularity_discount: float = Field(default=0.4, ge=0, le=1)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=200_000, ge=1)


class NextItems(Section):
    """The linear session model."""

    past: int = Field(default=50, ge=1)
    past_fade: float = Field(default=15.0, gt=0)
    future: int = Field(default=30, ge=1)
    future_fade: float = Field(default=10.0, gt=0)
    regularisation: float = Field(default=3.0, gt=0)
    min_interactions: int = Field(default=4, ge=1)
    top: int = Field(default=200, ge=1)
    max_items: int = Field(default=10_000, ge=1)


class Ials(Section):
    """Implicit alternating least squares."""

    dimensions: int = Field(default=32, ge=1)
    iterations: int = Field(default=15, ge=1)
    regularisation: float = Field(default=5.0, ge=0)
    alpha: float = Field(default=1.0, gt=0)


class Spectral(Section):
    """Singular vectors."""

    dimensions: int = Field(default=40, ge=1)


class RecentPopularity(Section):
    """Popularity that fades."""

    half_life_days: float = Field(default=365.0, gt=0)


class Ranker(Section):
    """LambdaMART; below `min_users` users to learn from a blend ranks instead.

    It learns from the best `n_candidates` of each user, and the scores of `n_seeds` models are averaged.
    """

    n_candidates: int = Field(default=150, ge=10)
    leaves: int = Field(default=31, ge=2)
    rounds: int = Field(default=100, ge=1)
    learning_rate: float = Field(default=0.08, gt=0)
    min_leaf_rows: int = Field(default=300, ge=1)
    l2: float = Field(default=20.0, ge=0)
    feature_share: float = Field(default=0.4, gt=0, le=1)
    truncation: int = Field(default=50, ge=1)
    n_seeds: int = Field(default=4, ge=1)
    min_users: int = Field(default=100, ge=2)


class Generators(Section):
    """The settings of each kind of candidate generator in the pipeline; an empty list leaves the kind out.

    `item_vectors` takes part where the data bring embeddings of items.
    """

    ease: list[Ease] = []
    ease_valued: list[EaseValued] = []
    user_ease: list[UserEase] = []
    item_to_item: list[ItemToItem] = []
    user_neighbours: list[UserNeighbours] = []
    session: list[Session] = []
    next_items: list[NextItems] = []
    spectral: list[Spectral] = []
    ials: list[Ials] = []
    lightfm: list[LightFM] = []
    item_vectors: bool = True


class ItemVectors(Section):
    """`file` is an .npz with `item_ids` and `vectors`, by absolute path; give a changed one another name."""

    file: str | None = None


class Pipeline(Section):
    """Candidate generators with a ranker over them.

    `inner` says how training data is cut to learn and choose: by time, or at random where the real split is random.
    `n_short_splits` more cuts, 4 at most, where there are times, teach how to rank for users with a handful of
    interactions.
    `depth` items per user are kept in the bundle, `max_users` users at most are learnt from per cut.
    """

    inner: Literal["latest", "random"] = "latest"
    n_splits: int = Field(default=4, ge=1)
    n_short_splits: int = Field(default=4, ge=0, le=4)
    n_candidates: int = Field(default=300, ge=10)
    depth: int = Field(default=200, ge=100)
    max_users: int = Field(default=20_000, ge=1)
    generators: Generators
    ranker: Ranker = Ranker()


class Content(Section):
    """How texts are read: by their words, or as MiniLM's sentence embeddings, which need the extra `text`."""

    encoder: Literal["tf_idf", "minilm"] = "tf_idf"


class Train(Section):
    """Which recommender is trained, and how."""

    recommender: Literal[
        "lightfm",
        "popularity",
        "ease",
        "ease_valued",
        "ials",
        "item_to_item",
        "next_items",
        "session",
        "item_vectors",
        "pipeline",
    ]
    seed: int
    lightfm: LightFM
    content: Content = Content()
    ease: Ease = Ease()
    ease_valued: EaseValued = EaseValued()
    user_ease: UserEase = UserEase()
    item_to_item: ItemToItem = ItemToItem()
    user_neighbours: UserNeighbours = UserNeighbours()
    session: Session = Session()
    next_items: NextItems = NextItems()
    ials: Ials = Ials()
    spectral: Spectral = Spectral()
    recent_popularity: RecentPopularity = RecentPopularity()
    item_vectors: ItemVectors = ItemVectors()
    pipeline: Pipeline = Pipeline(generators=Generators(ease=[Ease()], item_to_item=[ItemToItem()]))


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


class Exploration(Section):
    """The share of requests that fill one random position at random, from the list and the first `depth` candidates."""

    share: float = Field(default=0.0, ge=0, le=1)
    depth: int = Field(default=50, ge=1)


class Cache(Section):
    """How long answers are kept, and how much memory they may take in each process; 0 megabytes keep none.

    `prefetch_concurrency` answers are made ahead at once.
    """

    ttl_seconds: float = Field(default=3600.0, gt=0)
    max_megabytes: float = Field(default=32.0, ge=0)
    prefetch_concurrency: int = Field(default=4, ge=1)


class Routing(Section):
    """Which users are cold, how many candidates a request keeps, and what becomes of them.

    `fold_in` names the recommenders that answer from interactions since training, those that the bundle has; with none
    of them, such interactions only mark items as seen.
    """

    cold_start_threshold: int = Field(ge=0)
    candidates: int = Field(ge=100)
    fold_in: list[str] = ["ease", "session", "next_items", "item_to_item", "lightfm"]
    diversity: Diversity = Diversity()
    exploration: Exploration = Exploration()
    cache: Cache = Cache()


class Gate(Section):
    """What a model must reach to become challenger: drops are shares of what the champion's recipe reaches.

    Cold users are judged apart from `min_cold_users` on; with fewer there is nothing to tell.
    """

    metric: str
    max_relative_drop: float = Field(ge=0, lt=1)
    min_gain_over_popularity: float
    max_coverage_drop: float = Field(ge=0, le=1)
    max_cold_drop: float = Field(ge=0, le=1)
    min_cold_users: int = Field(ge=2)


class Retention(Section):
    """For how many days the event store keeps rows; None for ever.

    `traffic_days` is for requests, impressions and calls of language models, `records_days` for resolved alerts,
    finished evaluations and sums per hour.
    """

    traffic_days: float | None = Field(default=90.0, gt=0)
    feedback_days: float | None = Field(default=730.0, gt=0)
    records_days: float | None = Field(default=730.0, gt=0)


class Params(Section):
    """The whole of params.yaml."""

    data: Data
    code: Code
    ingest: Ingest
    prepare: Prepare
    split: SplitParams
    train: Train
    index: Index
    evaluate: Evaluate
    bundle: Bundle
    routing: Routing
    llm: Llm
    gate: Gate
    promotion: Promotion
    shadow: Shadow
    retention: Retention = Retention()
    monitor: Monitor
