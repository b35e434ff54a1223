"""Counts what the garbage collector looks at on account of something, as each of its full looks stops everybody."""

from __future__ import annotations

import gc
from types import FunctionType, ModuleType


def looked_at(thing: object) -> int:
    """How many objects that are reached from `thing`, but for code, the collector looks at once all is settled."""
    gc.collect()
    seen, waiting = {id(thing)}, [thing]
    while waiting:
        for each in gc.get_referents(waiting.pop()):
            if id(each) not in seen and not isinstance(each, type | ModuleType | FunctionType):
                seen.add(id(each))
                waiting.append(each)
    return sum(id(each) in seen for each in gc.get_objects())
