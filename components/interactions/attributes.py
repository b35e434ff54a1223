"""What else a source says of an item: attributes, each a number, a text or a list of texts, kept as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

Attribute = float | str | tuple[str, ...]
Attributes = Mapping[str, Attribute]
"""Of one item, by name; what is not known of it has no entry."""

NOTHING = "{}"


def unpack_attributes(text: str) -> Attributes:
    """What `attribute_columns.pack_attributes` wrote for one item; nothing for a text of another form."""
    try:
        given = json.loads(text or NOTHING)
    except ValueError:
        return {}
    return typed_attributes(given) if isinstance(given, dict) else {}


def typed_attributes(given: Mapping[str, object]) -> Attributes:
    """Values as read from JSON as attributes; what is of no such type is left out."""
    found = {str(name): typed_attribute(value) for name, value in given.items()}
    return {name: value for name, value in found.items() if value is not None}


def typed_attribute(value: object) -> Attribute | None:
    """`value` as an attribute; None for nothing and for what is of no such type."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        return (
            tuple(dict.fromkeys(str(part).strip() for part in value if part is not None and str(part).strip())) or None
        )
    return None
