"""What a pipeline has chosen and learnt, as a value and as a folder, so that a refit need not choose again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from components.ranking.feature_groups import GROUPS, GroupName
from components.ranking.learned_ranker import LearnedRanker
from components.ranking.value_model import ValueModel
from components.recommenders.protocol import RecommenderError

CHOICE, TREES = "choice.json", "trees"


@dataclass(frozen=True)
class Choice:
    """How candidates are ordered.

    Attributes:
        method: `mean`, `blend`, `ranker`, or `ranker and blend`.
        weights: of each generator in the blend, those without any left out.
        measured: NDCG@10 by method, on a cut inside the training data.
        generators: the names of those that it holds for, in order.
        ranker: None where the method needs none.
        half_life_days: of the popularity that newcomers get; None where it does not fade.
        groups: of features, that the ranker takes besides; `gains` are those of all that were tried, in NDCG@10.
        value: what orders in place of `method`, where more than likes counts.
    """

    method: str
    weights: Mapping[str, float]
    measured: Mapping[str, float]
    generators: tuple[str, ...]
    ranker: LearnedRanker | None = None
    half_life_days: float | None = None
    groups: tuple[GroupName, ...] = ()
    gains: Mapping[GroupName, float] = field(default_factory=dict)
    value: ValueModel | None = None


def save_choice(folder: Path, choice: Choice) -> None:
    """Write into `folder`, made when missing; the same choice always gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    ranker = choice.ranker
    header = {
        "method": choice.method,
        "weights": dict(choice.weights),
        "measured": dict(choice.measured),
        "generators": choice.generators,
        "features": ranker.names if ranker else None,
        "half_life_days": choice.half_life_days,
        "groups": choice.groups,
        "gains": dict(choice.gains),
        "value": None if choice.value is None else dict(choice.value.weights),
        "value_features": None if choice.value is None else choice.value.names,
    }
    (folder / CHOICE).write_text(json.dumps(header, sort_keys=True, indent=1) + "\n")
    for place, text in enumerate(ranker.texts if ranker else ()):
        _model(folder, TREES, place).write_text(text)
    for name, model in (choice.value.models if choice.value else {}).items():
        for place, text in enumerate(model.texts):
            _model(folder, name, place).write_text(text)


def load_choice(folder: Path) -> Choice:
    """Read what `save_choice` wrote.

    Raises:
        RecommenderError: a file is missing or broken.
    """
    path = folder / CHOICE
    try:
        raw = json.loads(path.read_text())
        ranker = _read(folder, TREES, raw["features"]) if raw["features"] else None
        weights = raw.get("value")
        value = weights and ValueModel(weights, {name: _read(folder, name, raw["value_features"]) for name in weights})
        generators, half_life = tuple(raw["generators"]), raw["half_life_days"]
        groups = tuple(raw.get("groups", ()))
        if unknown := [name for name in groups if name not in GROUPS]:
            text = f"its ranker sees the features {', '.join(unknown)}, of which this version knows nothing"
            raise RecommenderError(f"{path}: {text}; retrain with this version, or serve it with the one that made it")
        gains = raw.get("gains", {})
        return Choice(
            raw["method"], raw["weights"], raw["measured"], generators, ranker, half_life, groups, gains, value
        )
    except RecommenderError:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RecommenderError(f"{path} cannot be read: {error}") from error


def _read(folder: Path, name: str, features: Sequence[str]) -> LearnedRanker:
    texts: list[str] = []
    while _model(folder, name, len(texts)).is_file():
        texts.append(_model(folder, name, len(texts)).read_text())
    return LearnedRanker.from_texts(tuple(features), texts)


def _model(folder: Path, name: str, place: int) -> Path:
    return folder / f"{name}_{place}.txt"
