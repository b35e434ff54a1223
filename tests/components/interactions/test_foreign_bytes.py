from __future__ import annotations

import numpy as np
import pytest

from components.interactions.foreign_bytes import name_foreign

TABLE = "user_id;item_id;title\n" + "".join(f"u{n};i{n};Зеркало {n}\n" for n in range(200))


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1251", "koi8-r"]
)
def test_text_in_any_encoding_is_no_foreign_file(encoding: str) -> None:
    assert name_foreign(TABLE.encode(encoding)) is None


@pytest.mark.parametrize("mark", [b"\x01", b"\x1e", b"\x1f", b"\x00"])
def test_what_programs_write_between_cells_is_text(mark: bytes) -> None:
    assert name_foreign(TABLE.encode().replace(b";", mark)) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"  \n%PDF-1.7", "PDF"),
        (b"SQLite format 3\x00" + bytes(99), "source=sql"),
        (b"x" * 257 + b"ustar" + bytes(99), "tar"),
        (b"\x80\x04\x95" + bytes(9), "pickle"),
        (np.random.default_rng(1).integers(0, 256, 5000, dtype=np.uint8).tobytes(), "no text"),
    ],
)
def test_what_is_no_table_is_named_with_what_to_do(data: bytes, words: str) -> None:
    assert words in str(name_foreign(data))


def test_an_empty_file_is_for_others_to_name() -> None:
    assert name_foreign(b"") is None
