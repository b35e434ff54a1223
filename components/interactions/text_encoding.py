"""Finds out how the bytes of a text file spell characters, and spells them as UTF-8."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np
from charset_normalizer import from_bytes

from components.interactions.raw_table import NOT_UTF8

_SAMPLE = 200_000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LATIN = (
    "cp1250",
    "cp1252",
    "cp1254",
    "cp1257",
    "cp1258",
    "cp437",
    "cp775",
    "cp85",
    "cp86",
    "latin",
    "iso8859",
    "mac_",
    "hp_",
)
_PUNCTUATION = "‘’“”–—…€™®©°«»\u00a0"

MARK = b"\x1a"
"""Stands, with a number after it, in the place of a row that cannot be read: one cell, where every row has more."""


@dataclass(frozen=True)
class Spelled:
    """`text` is UTF-8; where a line could not be spelled, it holds MARK and the place of the line in `lost`."""

    text: bytes
    encoding: str
    lost: list[tuple[str, str]]


def spell_as_utf8(data: bytes) -> Spelled:
    """`data` as UTF-8.

    A byte order mark decides, then valid UTF-8, then UTF-16 by its zeros. Bytes that are mostly UTF-8 have damaged
    lines, which are lost by name; all others are taken for the encoding that charset-normalizer finds, and Latin
    letters for Windows-1252, which holds Latin-1, unless Windows-1250 makes more letters of them.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            if encoding == "utf-8-sig":
                data = data[len(mark) :]
                break
            return Spelled(data.decode(encoding, errors="replace").encode(), encoding, [])
    if data.isascii() and b"\x00" not in data[:_SAMPLE]:
        return Spelled(data, "utf-8", [])
    data = data.replace(b"\n" + codecs.BOM_UTF8, b"\n")  # where files with marks were put together
    if zeros := wide_encoding(data):
        return Spelled(data.decode(zeros, errors="replace").encode(), zeros, [])
    try:
        data.decode()
    except UnicodeDecodeError:
        return _spell_damaged(data)
    return Spelled(data, "utf-8", [])


def wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a byte order mark, told by where its zeros are; None where there are few."""
    head = data[:4096]
    for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = head[place::2].count(0)
        if zeros > 0.4 * len(head) / 2 and head[1 - place :: 2].count(0) < 0.05 * len(head):
            return encoding
    return None


def _spell_damaged(data: bytes) -> Spelled:
    lines = data.split(b"\n")
    valid, invalid = 0, []
    for number, line in enumerate(lines):
        if line.isascii():
            continue
        try:
            line.decode()
        except UnicodeDecodeError:
            invalid.append(number)
        else:
            valid += 1
    if valid <= len(invalid):
        encoding = _one_byte_encoding(b"\n".join(lines[number] for number in invalid[:2000]))
        return Spelled(data.decode(encoding, errors="replace").encode(), encoding, [])
    lost = []
    for place, number in enumerate(invalid):
        lost.append((NOT_UTF8, lines[number].decode(errors="replace").rstrip("\r")))
        lines[number] = MARK + str(place).encode()
    return Spelled(b"\n".join(lines), "utf-8", lost)


def _one_byte_encoding(sample: bytes) -> str:
    best = from_bytes(sample[:_SAMPLE]).best()
    found = None if best is None else best.encoding
    if found is not None and not found.startswith(_LATIN) and _stand_together(sample):
        return found
    # charset-normalizer takes Western for Central European and the other way round (measured: docs/decisions/0017), so
    # the one whose bytes are letters more often is taken, and of equals the Western one.
    undefined = {0x81, 0x8D, 0x8F, 0x90, 0x9D}
    western = "latin-1" if undefined & set(sample) else "cp1252"
    return max((western, "cp1250"), key=lambda encoding: _share_of_letters(sample, encoding))


def _stand_together(sample: bytes) -> bool:
    """Whether most bytes beyond ASCII have another one beside them, as in whole words of other alphabets."""
    high = np.frombuffer(sample, np.uint8) > 127
    beside = np.r_[False, high[:-1]] | np.r_[high[1:], False]
    return bool((beside & high).sum() > 0.5 * high.sum())


def _share_of_letters(sample: bytes, encoding: str) -> float:
    high = [character for character in sample.decode(encoding, errors="replace") if ord(character) > 127]
    return sum(character.isalpha() or character in _PUNCTUATION for character in high) / max(len(high), 1)
