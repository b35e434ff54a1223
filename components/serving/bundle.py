"""The served model as a folder: written once by the pipeline, checked and read by the service and by MLflow's model.

The bytes depend on the contents alone. Reading needs numpy, scipy and, for an approximate index, annoy.
Past 250 lines, as what writes a file and what reads it stand together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from components.ranking.fitted_pipeline import FittedPipeline, load_model
from components.recommenders.array_folder import HEADER
from components.recommenders.content import FittedContent
from components.recommenders.factors import FittedFactors
from components.recommenders.protocol import FittedRecommender, Ranking, RecommenderError
from components.retrieval.indexed_factors import IndexedFactors
from components.retrieval.item_index import INDEX_KINDS, open_item_index
from components.routing.confidence import Confidence
from components.serving.catalogue import Catalogue, read_catalogue, write_catalogue
from components.situation.lifts import Lifts

FORMAT = 1
MANIFEST = "bundle.json"
ITEMS = "items.json"
USERS = "users.json"
HISTORY_ITEMS = "history_items.npy"
HISTORY_OFFSETS = "history_offsets.npy"
INDEX = "index.ann"
EXPECTED_ANSWERS = "expected_answers.json"
BARRED_ITEMS = "barred_items.npy"
BARRED_OFFSETS = "barred_offsets.npy"
RECENT = "recent.npy"
CONFIDENCE = "confidence.json"
LIFTS = "lifts.json"


class BundleError(Exception):
    """A bundle is incomplete or damaged; the message names the file."""


@dataclass(frozen=True)
class CandidateIndex:
    """How the primary recommender finds its candidates: `kind` is exact, length or annoy; the rest is for annoy."""

    kind: str = "exact"
    trees: int | None = None
    search_k: int | None = None
    recall: float | None = None


@dataclass(frozen=True)
class BundleManifest:
    """The contents of bundle.json.

    Attributes:
        recommender: the folder of the primary recommender, which answers route `cf`.
        ingredients_digest: stands for every parameter that went into the bundle.
        like_value, dislike_value: what a like without a rating counts as, and a dislike.
        weights: what an event of a type is worth, in place of that.
        lowest_rating, highest_rating: a rating outside says nothing; None has no end.
        positive_threshold: a rating of at least this much is a like, as in training.
        counts: users, items and interactions.
        sha256: digest of every other file, by path relative to the bundle.
    """

    data_version: str
    recommender: str
    ingredients_digest: str
    positive_threshold: float = 4.0
    like_value: float = 5.0
    dislike_value: float = 0.5
    lowest_rating: float | None = None
    highest_rating: float | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    index: CandidateIndex = field(default_factory=CandidateIndex)
    counts: Mapping[str, int] = field(default_factory=dict)
    sha256: Mapping[str, str] = field(default_factory=dict)
    format: int = FORMAT


@dataclass(frozen=True)
class ExpectedAnswer:
    """What the service must answer to `{"user_id", "k"}`: items best first, with their scores."""

    user_id: str
    k: int
    item_ids: tuple[str, ...]
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Bundle:
    """Everything the request path needs. Row numbers count items as `items` does and users as `user_ids` does.

    Attributes:
        recent: the last items that each user met in training, oldest first, as 1 + the item row, negative for one that
            was not liked, 0 where there are fewer, (n_users, n); None where no times are known.
        confidence: how likely a list of the primary recommender holds a hit; None where that was not measured.
        lifts: what situations change; None where that was not looked for.
        barred: of `history` what its user never liked, which is not recommended where people come back to items; None
            where that is not known.
    """

    manifest: BundleManifest
    items: Catalogue
    user_ids: tuple[str, ...]
    history: csr_array
    recommenders: Mapping[str, FittedRecommender]
    expected_answers: tuple[ExpectedAnswer, ...] = ()
    recent: NDArray[np.int32] | None = None
    confidence: Confidence | None = None
    barred: csr_array | None = None
    lifts: Lifts | None = None

    @cached_property
    def user_row(self) -> dict[str, int]:
        """Row number by external id."""
        return {user_id: row for row, user_id in enumerate(self.user_ids)}

    @property
    def primary(self) -> FittedRecommender:
        """The recommender of route `cf`."""
        return self.recommenders[self.manifest.recommender]

    @property
    def content(self) -> FittedContent:
        """The recommender of route `content`."""
        content = self.recommenders["content"]
        assert isinstance(content, FittedContent)  # noqa: S101 read_bundle sees to it
        return content

    def seen(self, user: int) -> NDArray[np.int32]:
        """The item rows a user has interacted with, ascending."""
        seen: NDArray[np.int32] = self.history.indices[self.history.indptr[user] : self.history.indptr[user + 1]]
        return seen

    def barred_of(self, user: int) -> NDArray[np.int32]:
        """The item rows that a user has interacted with and never liked, ascending; none where that is not known."""
        if self.barred is None:
            return np.empty(0, np.int32)
        barred: NDArray[np.int32] = self.barred.indices[self.barred.indptr[user] : self.barred.indptr[user + 1]]
        return barred

    def recent_of(self, user: int) -> list[int]:
        """The user's row of `recent` without the zeros; nothing for an unknown user."""
        return [] if self.recent is None or user < 0 else [code for code in self.recent[user].tolist() if code]

    def similar_items(self, item: int, k: int) -> tuple[Ranking, str]:
        """At most `k` items most like item row `item`, without itself, and what says so.

        By taste where anybody has met the item; by its labels, which is then said as "content", where nobody has.
        """
        primary = self.primary
        if isinstance(primary, FittedPipeline):
            return primary.similar(item, k) or (self.content.similar(item, k), FittedContent.form)
        if isinstance(primary, FittedFactors | IndexedFactors):
            return primary.similar(item, k), self.manifest.recommender
        return self.content.similar(item, k), FittedContent.form


def write_bundle(folder: Path, bundle: Bundle, index_file: Path | None = None) -> None:
    """Write `bundle` into `folder`, which must be empty or missing.

    `index_file` is copied when the manifest's index is annoy. Digests and counts of the manifest are filled in here.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BundleError(f"{folder} is not empty")
    folder.mkdir(parents=True, exist_ok=True)
    write_catalogue(folder / ITEMS, bundle.items)
    _write_json(folder / USERS, bundle.user_ids)
    np.save(folder / HISTORY_ITEMS, bundle.history.indices.astype(np.int32))
    np.save(folder / HISTORY_OFFSETS, bundle.history.indptr.astype(np.int64))
    if bundle.barred is not None:
        np.save(folder / BARRED_ITEMS, bundle.barred.indices.astype(np.int32))
        np.save(folder / BARRED_OFFSETS, bundle.barred.indptr.astype(np.int64))
    if bundle.recent is not None:
        np.save(folder / RECENT, bundle.recent.astype(np.int32))
    if bundle.confidence is not None:
        _write_json(folder / CONFIDENCE, asdict(bundle.confidence))
    if bundle.lifts is not None:
        _write_json(folder / LIFTS, asdict(bundle.lifts))
    for name, recommender in bundle.recommenders.items():
        recommender.save(folder / name)
    if bundle.manifest.index.kind == "annoy":
        if index_file is None:
            raise BundleError(f"the index is annoy, and no {INDEX} was given")
        (folder / INDEX).write_bytes(index_file.read_bytes())
    counts = {"users": len(bundle.user_ids), "items": len(bundle.items), "interactions": int(bundle.history.nnz)}
    _write_answers(folder, bundle.expected_answers)
    _seal(folder, replace(bundle.manifest, counts=counts))


def record_expected_answers(folder: Path, answers: Sequence[ExpectedAnswer]) -> None:
    """Put `answers` into a written bundle, in place of those it has."""
    manifest = read_manifest(folder)
    _write_answers(folder, answers)
    _seal(folder, manifest)


def read_bundle(folder: Path) -> Bundle:
    """The bundle in `folder`, every file checked against its digest.

    Raises:
        BundleError: a file is missing, damaged or of another format; the message names it.
    """
    manifest = read_manifest(folder)
    for name, digest in manifest.sha256.items():
        if not (folder / name).is_file():
            raise BundleError(f"{folder / name} is missing")
        if _sha256(folder / name) != digest:
            raise BundleError(f"{folder / name} is damaged: its sha256 is not the one in {MANIFEST}")
    items = read_catalogue(folder / ITEMS)
    user_ids = tuple(json.loads((folder / USERS).read_text()))
    shape = (len(user_ids), len(items))
    history = _cells(folder / HISTORY_ITEMS, folder / HISTORY_OFFSETS, shape)
    barred = None
    if BARRED_ITEMS in manifest.sha256:
        barred = _cells(folder / BARRED_ITEMS, folder / BARRED_OFFSETS, shape)
    names = sorted(Path(name).parent.name for name in manifest.sha256 if Path(name).parts[1:] == (HEADER,))
    needed = {manifest.recommender, "popularity", "content"}
    if missing := sorted(needed - set(names)):
        raise BundleError(f"{folder / missing[0]} is missing")
    recommenders = {name: _load(folder / name) for name in names}
    if not isinstance(recommenders["content"], FittedContent):
        raise BundleError(f"{folder / 'content'} holds another form of recommender")
    primary = recommenders[manifest.recommender]
    recommenders[manifest.recommender] = _with_index(primary, folder, manifest.index)
    answers = tuple(
        ExpectedAnswer(row["user_id"], row["k"], tuple(row["item_ids"]), tuple(row["scores"]))
        for row in json.loads((folder / EXPECTED_ANSWERS).read_text())
    )
    recent = np.load(folder / RECENT) if RECENT in manifest.sha256 else None
    confidence = _read_confidence(folder, manifest)
    lifts = _read_lifts(folder, manifest)
    return Bundle(manifest, items, user_ids, history, recommenders, answers, recent, confidence, barred, lifts)


def read_primary(folder: Path) -> FittedRecommender:
    """The primary recommender alone of a bundle that `read_bundle` has found whole."""
    manifest = read_manifest(folder)
    return _with_index(_load(folder / manifest.recommender), folder, manifest.index)


def _cells(items: Path, offsets: Path, shape: tuple[int, int]) -> csr_array:
    rows = np.load(items)
    return csr_array((np.ones(len(rows), np.float32), rows, np.load(offsets)), shape=shape)


def _with_index(primary: FittedRecommender, folder: Path, index: CandidateIndex) -> FittedRecommender:
    """`primary` with the index of its factors that the bundle names, where it has any."""
    if index.kind not in INDEX_KINDS:
        return primary
    index_of, effort = partial(open_item_index, index.kind, folder / INDEX), index.search_k or -1
    if isinstance(primary, FittedPipeline):
        return primary.with_index(index_of, effort)
    if isinstance(primary, FittedFactors):
        return IndexedFactors(primary, index_of(primary), effort)
    return primary


def _read_confidence(folder: Path, manifest: BundleManifest) -> Confidence | None:
    if CONFIDENCE not in manifest.sha256:
        return None
    return Confidence(tuple(json.loads((folder / CONFIDENCE).read_text())["weights"]))


def _read_lifts(folder: Path, manifest: BundleManifest) -> Lifts | None:
    if LIFTS not in manifest.sha256:
        return None
    raw = json.loads((folder / LIFTS).read_text())
    cells = {name: tuple(row) for name, row in raw["cells"].items()}
    return Lifts(tuple(raw["labels"]), cells, {kind: tuple(gain) for kind, gain in raw["gains"].items()})


def read_manifest(folder: Path) -> BundleManifest:
    """What a bundle says of itself, without reading the rest; raises BundleError where that is missing or damaged."""
    path = folder / MANIFEST
    try:
        raw = json.loads(path.read_text())
        if raw["format"] != FORMAT:
            raise BundleError(f"{path}: format {raw['format']} is not {FORMAT}, the one this code reads")
        return BundleManifest(**{**raw, "index": CandidateIndex(**raw["index"])})
    except FileNotFoundError as error:
        raise BundleError(f"{path} is missing") from error
    except (ValueError, TypeError, KeyError) as error:
        raise BundleError(f"{path} is damaged: {error}") from error


def _load(folder: Path) -> FittedRecommender:
    """Its bytes are those that were written, so what cannot be read is of another version of this code."""
    try:
        fitted: FittedRecommender = load_model(folder)
    except (RecommenderError, KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise BundleError(
            f"{folder} has a form that this version cannot read; retrain, and promote the model"
        ) from error
    return fitted


def _seal(folder: Path, manifest: BundleManifest) -> None:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST)
    digests = {path.relative_to(folder).as_posix(): _sha256(path) for path in files}
    _write_json(folder / MANIFEST, asdict(replace(manifest, sha256=digests)))


def _write_answers(folder: Path, answers: Sequence[ExpectedAnswer]) -> None:
    _write_json(folder / EXPECTED_ANSWERS, [asdict(answer) for answer in answers])


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
