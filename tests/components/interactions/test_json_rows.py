from __future__ import annotations

import json

import pandas as pd
import pytest

from components.interactions.json_rows import read_json
from components.interactions.raw_table import UnreadableError
from components.interactions.source import INTERACTIONS, ITEMS

USERS = [
    {"user_id": "u1", "value": "own", "events": [{"item_id": "a", "value": 4}, {"item_id": "b"}]},
    {"user_id": "u2", "value": "own", "events": []},
    {"user_id": "u3", "value": "own", "events": [{"item": {"id": "c"}}]},
]


def rows(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [{name: cell for name, cell in row.items() if pd.notna(cell)} for row in frame.to_dict("records")]


def test_each_member_of_a_list_of_what_a_user_did_is_a_row_and_its_own_cells_come_first() -> None:
    read = read_json(json.dumps(USERS).encode())
    assert rows(read.frame) == [
        {"user_id": "u1", "value": 4, "item_id": "a"},
        {"user_id": "u1", "value": "own", "item_id": "b"},
        {"user_id": "u3", "value": "own", "item.id": "c"},
    ]
    assert "a row for each member of events, which 1 of 3 lack" in read.read_as


def test_a_list_stays_a_cell_where_the_row_has_both_ids_or_the_table_holds_items() -> None:
    both = [{"user_id": "u1", "item_id": "a", "events": [{"item_id": "b"}]}]
    assert len(read_json(json.dumps(both).encode()).frame) == 1
    items = [{"item_id": "a", "reviews": [{"user_id": "u1"}, {"user_id": "u2"}]}]
    assert len(read_json(json.dumps(items).encode(), ITEMS).frame) == 1
    assert len(read_json(json.dumps(items).encode(), INTERACTIONS).frame) == 2


def test_a_broken_line_among_lists_of_rows_is_refused_as_nobody_knows_how_many_rows_it_had() -> None:
    lines = "\n".join([*map(json.dumps, USERS), "{"])
    with pytest.raises(UnreadableError, match="row 4 is no JSON object"):
        read_json(lines.encode())


@pytest.mark.parametrize("between", ["", " ", "\n", ",\n", "\n\x1e"])
@pytest.mark.parametrize("indent", [None, 1])
def test_objects_may_follow_each_other_in_any_way(between: str, indent: int | None) -> None:
    given = [{"user_id": f"u{n}", "item_id": '{"}'} for n in range(3)]
    text = between.join(json.dumps(row, indent=indent) for row in given)
    assert rows(read_json(text.encode()).frame) == given


@pytest.mark.parametrize(
    "text", ['{"a": 1}{"b"', '{"a": 1} x {"b": 2}', '{"a": 1}[2]', "{'a': 1", "{'a': __import__('os')}"]
)
def test_what_breaks_off_or_holds_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        read_json(text.encode())


def test_dictionaries_of_python_are_read_and_nothing_in_them_is_run() -> None:
    read = read_json(b"{u'user_id': 'u1', 'item_id': 'it\\'s', 'liked': True, 'none': None}\n{'user_id': print(1)}\n")
    assert rows(read.frame) == [{"user_id": "u1", "item_id": "it's", "liked": True}]
    assert len(read.damaged) == 1
