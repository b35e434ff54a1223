"""The cursor of a list: what its pages have shown so far, in itself, so that no page repeats another.

It names items by four bytes of a hash, so it holds in any slot, under any release and whatever the user did between two
pages. Two items that share these bytes are rare (one in 4 billion pairs), and cost one of them its place.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from components.recommenders.protocol import Rows

MAX_SHOWN = 1000
"""So many items are shown on all pages of a list together."""
LONGEST = 4 * MAX_SHOWN * 4 // 3 + 4
"""Characters of a cursor."""
_MARKS = np.dtype("<u4")


class BadCursor(ValueError):
    """The text is none of our cursors."""


def read_cursor(cursor: str) -> NDArray[np.uint32]:
    """Marks of the items that were shown; none for "".

    Raises:
        BadCursor: see there.
    """
    try:
        content = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return np.frombuffer(content, _MARKS).astype(np.uint32)
    except (ValueError, binascii.Error) as error:
        raise BadCursor("it is not the `next` of an answer") from error


def next_cursor(shown_before: str | None, item_ids: Sequence[str]) -> str | None:
    """The cursor behind a page that shows these items; None where no more are shown."""
    before = read_cursor(shown_before or "")
    if not item_ids or len(before) + len(item_ids) >= MAX_SHOWN:
        return None
    marks = np.concatenate([before, np.array([_mark(each) for each in item_ids], np.uint32)])
    return base64.urlsafe_b64encode(marks.astype(_MARKS).tobytes()).decode().rstrip("=")


class MarkedItems:
    """The marks of a catalogue, in which those of a cursor are looked up."""

    def __init__(self, item_ids: Sequence[str]) -> None:
        marks = np.array([_mark(each) for each in item_ids], np.uint32)
        self._order = np.argsort(marks, kind="stable").astype(np.int32)
        self._marks = marks[self._order]

    def rows(self, marks: NDArray[np.uint32]) -> Rows:
        """The item rows with one of these marks."""
        starts = np.searchsorted(self._marks, marks, side="left")
        stops = np.searchsorted(self._marks, marks, side="right")
        parts = [self._order[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        return np.concatenate(parts) if parts else np.empty(0, np.int32)


def _mark(item_id: str) -> int:
    return zlib.crc32(item_id.encode())
