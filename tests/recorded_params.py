"""Parameters that record what is read of them, so that a test can name what nobody reads."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

from components.params.params import Params

Model = TypeVar("Model", bound=BaseModel)


def recording(params: Params) -> tuple[Params, set[str]]:
    """`params` as they are, and the paths of the leaves that are read of them from now on.

    Read is what is taken as an attribute; a dump, as for a file, reads nothing. A list of anything but recommenders is
    a leaf, as what is in it belongs together.
    """
    read: set[str] = set()
    return _recording(params, "", read), read


def leaves(model: BaseModel, prefix: str = "") -> set[str]:
    """The paths of all leaves, such as `train.recommender.generators.3.window`."""
    found: set[str] = set()
    for name in type(model).model_fields:
        value = getattr(model, name)
        path = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            found |= leaves(value, f"{path}.")
        elif _is_list_of_models(value, path):
            for place, inner in enumerate(value):
                found |= leaves(inner, f"{path}.{place}.")
        else:
            found.add(path)
    return found


def _is_list_of_models(value: object, path: str) -> bool:
    return path.startswith("train.") and isinstance(value, list) and all(isinstance(one, BaseModel) for one in value)


def _recording(model: Model, prefix: str, read: set[str]) -> Model:
    fields = type(model).model_fields
    inner: dict[str, Any] = {}
    for name in fields:
        value = getattr(model, name)
        path = f"{prefix}{name}"
        if isinstance(value, BaseModel):
            inner[name] = _recording(value, f"{path}.", read)
        elif _is_list_of_models(value, path):
            inner[name] = [_recording(one, f"{path}.{place}.", read) for place, one in enumerate(value)]
        else:
            inner[name] = value

    class Recorded(type(model)):  # type: ignore[misc]
        def __getattribute__(self, name: str) -> Any:
            if name in fields and not isinstance(inner[name], BaseModel):
                read.add(f"{prefix}{name}")
            return super().__getattribute__(name)

    Recorded.__name__ = type(model).__name__
    return Recorded.model_construct(**inner)  # type: ignore[no-any-return]
