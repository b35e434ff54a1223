"""Reads and changes parameters by dotted path, wherever the path is from: a retraining, a preset, an experiment.

A path names one key after the other, such as `split.test_share`. A recommender is followed by its kind, as in
`train.recommender.pipeline.n_splits` or `train.fold_in.next_items.min_interactions`, and by its place where a list has
several of its kind: `train.recommender.pipeline.generators.session 2.window`. Lists and recommenders can be set whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from components.params.params import Params
from components.params.train import RANKING
from components.recommenders.registry import RECOMMENDERS, kinds_in


class OverrideError(ValueError):
    """A path names no parameter, or its value is wrong.

    Attributes:
        path: of the parameter.
        reason: what is wrong with it.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path!r}: {reason}")
        self.path, self.reason = path, reason


def with_overrides(params: Params, changes: Mapping[str, Any]) -> Params:
    """`params` with each of `changes` put in, in their order.

    Raises:
        OverrideError: a path names no parameter, or a value is wrong.
    """
    tree = _unfolded(params.model_dump())
    for path, value in changes.items():
        if not _put(tree, path, value):
            raise OverrideError(path, "params.yaml has no such parameter")
    return _validated(tree)


def with_preset(params: Params, changes: Mapping[str, Any]) -> Params:
    """As `with_overrides`, but what is said of a kind of recommender that `params` do without is passed over.

    Raises:
        OverrideError: a path names no parameter, or a value is wrong.
    """
    tree = _unfolded(params.model_dump())
    for path, value in changes.items():
        if not _put(tree, path, value) and not _goes_into_another_kind(tree, path):
            raise OverrideError(path, "params.yaml has no such parameter")
    return _validated(tree)


def flattened(params: Params) -> dict[str, Any]:
    """Every parameter by its path, a list of anything but recommenders as one value."""
    return dict(_leaves(_unfolded(params.model_dump(mode="json")), ""))


class _Entry(dict[str, Any]):
    """A recommender: its kind, and under that all else that is said of it."""


class _Entries(dict[str, Any]):
    """A list of recommenders: by kind, and by place where there are several of a kind, all that is said of each."""


def _is_entry(value: object) -> bool:
    return isinstance(value, dict) and value.get("kind") in kinds_in(RECOMMENDERS, RANKING)


def _unfolded(value: Any) -> Any:
    """`value` as a tree in which every step of a path is a key."""
    if _is_entry(value):
        return _Entry({value["kind"]: _fields(value)})
    if isinstance(value, dict):
        return {key: _unfolded(inner) for key, inner in value.items()}
    if isinstance(value, list) and value and all(_is_entry(inner) for inner in value):
        kinds = [inner["kind"] for inner in value]
        names = [
            kind if kinds.count(kind) == 1 else f"{kind} {kinds[:place].count(kind) + 1}"
            for place, kind in enumerate(kinds)
        ]
        return _Entries({name: _fields(inner) for name, inner in zip(names, value, strict=True)})
    return value


def _fields(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: _unfolded(inner) for key, inner in entry.items() if key != "kind"}


def _folded(tree: Any) -> Any:
    """What `_unfolded` was made from."""
    if isinstance(tree, _Entry | _Entries):
        entries = [{"kind": name.split(" ")[0], **_folded(fields)} for name, fields in tree.items()]
        return entries[0] if isinstance(tree, _Entry) else entries
    if isinstance(tree, dict):
        return {key: _folded(inner) for key, inner in tree.items()}
    return tree


def _put(tree: Any, path: str, value: Any) -> bool:
    """Puts `value` in its place, unless there is no such place."""
    *parents, last = path.split(".")
    for parent in parents:
        tree = tree.get(parent) if isinstance(tree, dict) else None
    if not isinstance(tree, dict) or last not in tree or isinstance(tree, _Entry | _Entries):
        return False
    tree[last] = _unfolded(value)
    return True


def _goes_into_another_kind(tree: Any, path: str) -> bool:
    for step in path.split("."):
        if isinstance(tree, _Entry | _Entries) and step not in tree:
            return step.split(" ")[0] in kinds_in(RECOMMENDERS, RANKING)
        tree = tree.get(step) if isinstance(tree, dict) else None
    return False


def _leaves(tree: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(tree, dict):
        yield prefix, tree
        return
    for key, inner in tree.items():
        yield from _leaves(inner, f"{prefix}.{key}" if prefix else key)


def _validated(tree: Any) -> Params:
    try:
        return Params.model_validate(_folded(tree))
    except ValidationError as error:
        first = error.errors()[0]
        raise OverrideError(".".join(map(str, first["loc"])), first["msg"]) from error
