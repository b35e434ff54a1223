"""Reads lines of a user and then their items in order, as S3-Rec and LightGCN write them, into a table.

Such a file says what came before what, and not when: an item's place in its line stands for its time, a second a place
from 1970 on (`components.interactions.timestamps.PLACES_UNTIL`).
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from components.interactions import columns
from components.interactions.raw_table import RawTable

TEXT = pd.StringDtype("pyarrow")
_LINE = re.compile(rb"\d+( +\d+)*\s*")
_HEAD = 100


def is_sequences(data: bytes) -> bool:
    """Whether the first lines are whole numbers between blanks, each of another user.

    Lines that all hold three or four could be ratings, and are not taken.
    """
    lines = [line for line in data[: 1 << 20].splitlines()[:_HEAD] if line.strip()]
    if len(data) > 1 << 20 and len(lines) < _HEAD:
        lines = lines[:-1]
    if not lines or not all(map(_LINE.fullmatch, lines)):
        return False
    widths = {len(line.split()) for line in lines}
    users = {line.split(maxsplit=1)[0] for line in lines}
    return max(widths) > 1 and len(users) == len(lines) and (len(widths) > 1 or max(widths) not in (3, 4))


def read_sequences(data: bytes) -> RawTable:
    """A row for each item of each line, in the order of the file; a user without items has none."""
    lines = [line.split() for line in data.decode().splitlines()]
    sizes = np.array([max(len(line) - 1, 0) for line in lines])
    places = np.arange(int(sizes.sum())) - np.repeat(np.cumsum(sizes) - sizes, sizes) + 1
    frame = pd.DataFrame(
        {
            columns.USER: pd.array(np.repeat([line[0] if line else "" for line in lines], sizes), TEXT),
            columns.ITEM: pd.array([item for line in lines for item in line[1:]], TEXT),
            columns.TIMESTAMP: pd.to_datetime(places, unit="s", utc=True),
        }
    )
    return RawTable(frame, [], f"{len(lines):,} lines of a user and their items in order, a place for a time")
