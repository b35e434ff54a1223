"""The fitted form of the sequence model: an ONNX encoder reads a history, item vectors score it; needs onnxruntime."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from components.recommenders.array_folder import read_array, read_header, write_arrays
from components.recommenders.factors import FittedFactors, HistoryFold
from components.recommenders.fold_in import RecentHistory
from components.recommenders.history import NO_HISTORY, Histories, History
from components.recommenders.neural.tokens import Codes, gaps_of, marks_of
from components.recommenders.protocol import RecommenderError, Rows, Scores

ENCODER = "encoder.onnx"


@dataclass(frozen=True)
class HistoryEncoder:
    """The user tower.

    Attributes:
        graph: ONNX: tokens of one history, (1, places, width), to a vector, (width,).
        start: the token before every history, (width,); alone it stands for an empty one.
        places, marks, gaps: what place, kind and time of an interaction add to its item's vector, a row each.
    """

    graph: bytes
    start: Scores
    places: Scores
    marks: Scores
    gaps: Scores

    @property
    def length(self) -> int:
        """How many interactions it reads, the latest."""
        return len(self.places) - 1

    def vector(self, vectors: Scores, marks: Codes, gaps: Codes) -> Scores:
        """The user whose interactions these are, (width,); `vectors` are those of the items, oldest first.

        Raises:
            RecommenderError: onnxruntime is not installed.
        """
        tokens = np.concatenate([self.start[None], vectors + self.marks[marks] + self.gaps[gaps]])
        tokens += self.places[: len(tokens)]
        found: Scores = self._session.run(None, {"tokens": tokens[None]})[0]
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Without onnxruntime's session, which another process makes itself."""
        return {name: value for name, value in vars(self).items() if name != "_session"}

    @cached_property
    def _session(self) -> Any:
        try:
            import onnxruntime
        except ImportError as error:
            raise RecommenderError(
                f"the sequence model answers by onnxruntime, which the extra `neural` brings: {error}"
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # the same sums in the same order, and no fight with the event loop
        options.log_severity_level = 3
        return onnxruntime.InferenceSession(self.graph, options, providers=["CPUExecutionProvider"])


@dataclass(frozen=True)
class Tails:
    """The latest interactions of each user, one after the other; those of user u begin at `offsets[u]`."""

    offsets: NDArray[np.int64]
    items: Rows
    marks: Codes
    gaps: Codes

    @classmethod
    def of(cls, histories: Histories, length: int) -> Tails:
        """The last `length` of each."""
        latest = [histories.of(user).last(length) for user in range(len(histories))]
        return cls(
            np.cumsum([0, *map(len, latest)]).astype(np.int64),
            np.concatenate([each.items for each in latest]).astype(np.int32),
            np.concatenate([marks_of(each.liked, each.kinds) for each in latest]),
            np.concatenate([gaps_of(each.seconds) for each in latest]),
        )

    def user(self, user: int) -> tuple[Rows, Codes, Codes]:
        """Items, marks and gaps of one."""
        some = slice(int(self.offsets[user]), int(self.offsets[user + 1]))
        return self.items[some], self.marks[some], self.gaps[some]


NO_TAILS = Tails(np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0, np.int8), np.empty(0, np.int8))


@dataclass(frozen=True, kw_only=True)
class FittedSequences(FittedFactors):
    """Item vectors, and as factors of a user what the encoder makes of the history.

    Attributes:
        tails: what training knows of its users, to which new interactions are added.
    """

    encoder: HistoryEncoder
    tails: Tails

    form: ClassVar[str] = "sequences"
    own_first: ClassVar[bool] = False

    @classmethod
    def of(cls, items: Scores, encoder: HistoryEncoder, tails: Tails) -> FittedSequences:
        """With the vectors of the users of `tails`."""
        n_users = len(tails.offsets) - 1
        users = np.empty((n_users, items.shape[1]), np.float32)
        for user in range(n_users):
            rows, marks, gaps = tails.user(user)
            users[user] = encoder.vector(items[rows], marks, gaps)
        return cls(users, items, items.shape[1], encoder=encoder, tails=tails)

    def vector_of(self, history: History) -> Scores:
        """What the encoder makes of its latest interactions, (width,)."""
        latest = history.last(self.encoder.length)
        marks, gaps = marks_of(latest.liked, latest.kinds), gaps_of(latest.seconds)
        return self.encoder.vector(self.item_factors[latest.items], marks, gaps)

    def scores_from(self, news: RecentHistory, user: int | None = None, n_known: int = 0) -> Scores:
        """Scores of every item, (n_items,), as if what is new stood behind what training knows of the user."""
        known = self.tails.user(user) if user is not None and n_known else NO_TAILS.user(0)
        latest = slice(-self.encoder.length, None)
        items = np.concatenate([known[0], news.seen])[latest]
        marks = np.concatenate([known[1], marks_of(np.isin(news.seen, news.liked), None)])[latest]
        gaps = np.concatenate([known[2], np.zeros(len(news.seen), np.int8)])[latest]
        gaps[:1] = 0
        scores: Scores = self.item_factors @ self.encoder.vector(self.item_factors[items], marks, gaps)
        return scores

    def for_histories(self) -> Self:
        """With somebody of whom nothing is known in place of all users."""
        return replace(self, user_factors=self.vector_of(NO_HISTORY)[None], tails=NO_TAILS)

    def save(self, folder: Path) -> None:
        """Write into `folder`."""
        header = {"form": self.form, "fold": asdict(self.fold)}
        arrays = {"user_factors": self.user_factors, "item_factors": self.item_factors}
        arrays |= {name: getattr(self.encoder, name) for name in ("start", "places", "marks", "gaps")}
        write_arrays(folder, header, arrays)
        write_arrays(folder / "tails", {}, {name: getattr(self.tails, name) for name in Tails.__dataclass_fields__})
        (folder / ENCODER).write_bytes(self.encoder.graph)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        header = read_header(folder)
        try:
            graph = (folder / ENCODER).read_bytes()
        except OSError as error:
            raise RecommenderError(f"{folder / ENCODER} cannot be read: {error}") from error
        encoder = HistoryEncoder(graph, *(read_array(folder, name) for name in ("start", "places", "marks", "gaps")))
        tails = Tails(*(read_array(folder / "tails", name) for name in Tails.__dataclass_fields__))
        users, items = read_array(folder, "user_factors"), read_array(folder, "item_factors")
        fold = HistoryFold(**header["fold"])
        return cls(users, items, items.shape[1], fold, encoder=encoder, tails=tails)
