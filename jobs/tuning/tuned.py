"""What is asked of a tuning, what came of it, and the run and the words that tell of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from components.adapters.hugging_face.reranker import Adapters
from components.adapters.mlflow.tunings import TuningRecord
from components.metrics.bootstrap import Interval
from components.reranking.tuning.judging import AgainstRanker
from components.reranking.tuning.preferences import ShuffledTitles
from components.reranking.tuning.schedule import Fall


@dataclass(frozen=True, kw_only=True)
class TuningRequest:
    """What is tuned on what, how, and who is kept apart; `seeds` are not none, and the first one draws the split."""

    pairs: Path
    lists: Path | None
    base: Path
    out: Path
    loss: Literal["pairwise", "listwise"]
    epochs: int
    batch: int
    learning_rate: float
    warm_up: float
    fall: Fall
    adapters: Adapters
    held_out: float
    seeds: tuple[int, ...]
    shuffle_titles: ShuffledTitles
    device: str


@dataclass(frozen=True)
class JudgedSeed:
    """What came of one seed, on users kept apart: before tuning, after it, and beside the ranker if there are lists."""

    seed: int
    before: Interval
    after: Interval
    ranker: AgainstRanker | None
    losses: tuple[float, ...]


@dataclass(frozen=True)
class TunedReranker:
    """The folder and the run, what was learnt from and judged by, and what came of each seed."""

    folder: Path
    run_id: str
    sizes: Mapping[str, int]
    seeds: tuple[JudgedSeed, ...]

    def as_json(self) -> dict[str, Any]:
        """All of it, for programs."""
        seeds = [of_seed(one) for one in self.seeds]
        return {"folder": str(self.folder), "run_id": self.run_id, **self.sizes, "seeds": seeds}

    def lines(self) -> Iterator[str]:
        """The same for people."""
        for one in self.seeds:
            yield f"seed {one.seed}: right pairs {shown(one.before)} before, {shown(one.after)} after (chance: 0.500)"
            if one.ranker is not None:
                yield (
                    f"seed {one.seed}: NDCG@10 {shown(one.ranker.tuned)}, the ranker's order "
                    f"{shown(one.ranker.ranker)}, difference {shown(one.ranker.difference)}, "
                    f"{one.ranker.n_users} users"
                )
        yield f"{self.folder} holds the model of seed {self.seeds[0].seed}; MLflow run {self.run_id}"


def record_of(
    asked: TuningRequest, sizes: Mapping[str, int], judged: Sequence[JudgedSeed], rates: Sequence[float]
) -> TuningRecord:
    """What MLflow is told: no text of anybody."""
    files = {"pairs_sha256": _sha256(asked.pairs), **({"lists_sha256": _sha256(asked.lists)} if asked.lists else {})}
    options = {key: str(value) for key, value in asdict(asked).items() if key != "adapters"}
    parameters = {
        **options,
        **{f"lora.{key}": value for key, value in asdict(asked.adapters).items()},
        **files,
        **sizes,
    }
    control = asked.shuffle_titles != "none"
    tags = {"control": f"titles shuffled by {asked.shuffle_titles}" if control else "none"}
    report = {"parameters": parameters, "seeds": [of_seed(one) for one in judged]}
    losses = {one.seed: one.losses for one in judged}
    return TuningRecord(asked.out.name, tags, parameters, _metrics(judged), losses, rates, report)


def _metrics(judged: Sequence[JudgedSeed]) -> dict[str, float]:
    """Each seed's figures, and their means over seeds."""
    figures = [_figures(one) for one in judged]
    each = {
        f"{name}.seed_{one.seed}": value for one, of in zip(judged, figures, strict=True) for name, value in of.items()
    }
    over_all = [name for name in figures[0] if not name.endswith(("_low", "_high"))]
    return {**{name: float(np.mean([of[name] for of in figures])) for name in over_all}, **each}


def _figures(one: JudgedSeed) -> dict[str, float]:
    found: dict[str, float] = {"final_loss": one.losses[-1]}
    intervals = {"pair_accuracy_before": one.before, "pair_accuracy": one.after}
    if one.ranker is not None:
        intervals |= {
            "ndcg_at_10": one.ranker.tuned,
            "ranker_ndcg_at_10": one.ranker.ranker,
            "ndcg_gain": one.ranker.difference,
        }
    for name, interval in intervals.items():
        found |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return found


def of_seed(one: JudgedSeed) -> dict[str, Any]:
    """One seed's figures."""
    return {"seed": one.seed, **_figures(one), "lists_users": one.ranker.n_users if one.ranker else 0}


def shown(interval: Interval) -> str:
    """A mean with its interval."""
    return f"{interval.mean:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
