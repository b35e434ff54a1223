"""Small data sets in the shapes of four public ones, made here, with tastes to hold a recommendation against."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

CLANS, USERS, ITEMS, PER_USER, LOYALTY = 3, 150, 150, 18, 0.9
"""User and item n are of clan n modulo CLANS; with the chance LOYALTY a user takes an item of the own clan."""


@dataclass(frozen=True)
class Written:
    """Where a data set is, how many rows it has, and how many of them are interactions to keep."""

    source: Path
    rows: int
    kept: int


@dataclass(frozen=True)
class PublicShape:
    """A data set, the one line of parameters that its ingest needs, and those of its retraining.

    write: makes the files in a folder. user: what the data calls user n. item_ids: what it calls item n. mends: what
    `recops data check` proposes when it is asked without parameters.
    """

    write: Callable[[Path], Written]
    user: Callable[[int], str]
    item_id: Callable[[int], str]
    mends: tuple[str, ...]
    mapping: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)


def _visits(seed: int) -> Iterator[tuple[int, int, np.random.Generator]]:
    """User and item of each interaction; a user takes no item twice."""
    rng = np.random.default_rng(seed)
    for user in range(USERS):
        own = rng.permutation(np.arange(user % CLANS, ITEMS, CLANS))
        other = rng.permutation([item for item in range(ITEMS) if item % CLANS != user % CLANS])
        loyal = int(rng.binomial(PER_USER, LOYALTY))
        for item in [*own[:loyal], *other[: PER_USER - loyal]]:
            yield user, int(item), rng


def _isbn(item: int) -> str:
    return f"{item:09d}X" if item % 7 == 0 else f"0{item:08d}{item % 10}"


def _write_books(folder: Path) -> Written:
    """Semicolons, all quoted, quotes escaped by a backslash, Latin-1, NULL for no age, no times, 0 for not rated."""
    source = folder / "books"
    source.mkdir()
    titles = {0: 'La \\"Grande\\" Révolution', 1: "Café; und so weiter", 2: "A Mäntel &amp; Söhne"}
    rated = [(user, item, rng.choice([0, 1, 5, 8, 9, 10])) for user, item, rng in _visits(1)]
    ratings = ['"User-ID";"ISBN";"Book-Rating"']
    ratings += [f'"{276000 + user}";"{_isbn(item)}";"{rating}"' for user, item, rating in rated]
    ratings += [f'"{276000 + stranger}";"unlisted{stranger}";"8"' for stranger in range(30)]
    books = ['"ISBN";"Book-Title";"Book-Author";"Year-Of-Publication"']
    for item in range(ITEMS):
        title = f"{titles.get(item, 'Novel')} {item}"
        books.append(f'"{_isbn(item)}";"{title}";"Author {item % 20}";"19{item % 90 + 10}"')
    users = ['"User-ID";"Location";"Age"']
    users += [f'"{276000 + user}";"münchen, n/a";{"NULL" if user % 2 else 30}' for user in range(USERS)]
    for name, lines in (("BX-Book-Ratings", ratings), ("BX-Books", books), ("BX-Users", users)):
        (source / f"{name}.csv").write_bytes("\r\n".join([*lines, ""]).encode("latin-1"))
    return Written(source, len(ratings) - 1, sum(rating > 0 for *_, rating in rated))


def _artist(item: int) -> str:
    odd = {0: '"Odd Al" Jankowski', 1: '12" of Snow', 2: "Guns N' Tulips", 3: 'The "The', 4: "Sigur Rós, live"}
    return odd.get(item, f"artist {item}")


def _write_plays(folder: Path) -> Written:
    """Tabs, no header, no times, lone quotes in names, gaps in a column of identifiers, counts of plays."""
    lines = []
    for user, item, rng in _visits(2):
        code = "" if item % 11 == 0 else f"{item:08x}-0000-4000-8000-000000000000"
        lines.append(f"{user:040x}\t{code}\t{_artist(item)}\t{1 + int(rng.lognormal(3, 1.5))}")
    path = folder / "usersha1-artmbid-artname-plays.tsv"
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return Written(path, len(lines), len(lines))


def _product(item: int) -> str:
    return f"{85000 + item}{'A' if item % 5 == 0 else ''}"


def invoice_rows() -> list[list[str]]:
    """A shop's invoices under their header: repeats, cancellations, guests, and days before months."""
    rows = [["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"]]
    start = datetime(2010, 12, 1, 8, 26)  # noqa: DTZ001 a shop's clock has no zone
    for number, (user, item, rng) in enumerate(_visits(3)):
        when = (start + timedelta(hours=int(rng.integers(0, 8000)))).strftime("%d/%m/%Y %H:%M")
        customer = "" if number % 5 == 4 else f"{12000 + user}.0"
        name = f'SET OF 3 TINS, "PANTRY" {item}' if item % 10 == 0 else f"LANTERN {item}"
        row = [str(536365 + number), _product(item), name, str(rng.integers(1, 24)), when, "2.55", customer, "UK"]
        rows.append(row)
        if number % 50 == 0:
            rows.append(row)  # a product twice in one invoice
        if number % 40 == 0:
            rows.append([f"C{row[0]}", *row[1:3], f"-{row[3]}", *row[4:]])
    return rows


def _write_invoices(folder: Path) -> Written:
    path, rows = folder / "online-retail.csv", invoice_rows()
    with path.open("w", newline="", encoding="latin-1") as file:
        csv.writer(file).writerows(rows)
    bought = {(row[6], row[1], row[4]) for row in rows[1:] if row[6] and not row[0].startswith("C")}
    return Written(path, len(rows) - 1, len(bought))


def _game(item: int) -> str:
    return f"Ballad, the {item}th Part" if item % 9 == 0 else f"Game {item}"


def _write_play_time(folder: Path) -> Written:
    """No header, names as ids, a purchase and the hours played in one log, a last column that says nothing."""
    path, rows = folder / "steam-200k.csv", []
    for user, item, rng in _visits(4):
        rows.append([151600000 + user, _game(item), "purchase", 1.0, 0])
        if rng.random() < 0.7:
            rows.append([151600000 + user, _game(item), "play", round(float(rng.lognormal(2, 1.5)) + 0.1, 1), 0])
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return Written(path, len(rows), len(rows))


_AT_RANDOM = {"split.protocol": "random"}

SHAPES: dict[str, PublicShape] = {
    "book ratings": PublicShape(
        _write_books,
        lambda user: str(276000 + user),
        _isbn,
        ('"values": "ratings"', '{"filters": ["value > 0"]}', '"split.protocol": "random"'),
        options={
            "filters": ["Book-Rating > 0"],
            "values": "ratings",
            "source_range": [1, 10],
            "max_bad_share": 0.02,
        },
        overrides=_AT_RANDOM,
    ),
    "listening counts": PublicShape(
        _write_plays,
        lambda user: f"{user:040x}",
        _artist,
        ('mapping={"1": "user_id", "3": "item_id", "4": "value"}',),
        mapping={"1": "user_id", "3": "item_id", "4": "value"},
        options={"values": "counts"},
        overrides=_AT_RANDOM,
    ),
    "shop invoices": PublicShape(
        _write_invoices,
        lambda user: str(12000 + user),
        _product,
        ('{"filters": ["user_id ~ ."]}', '{"filters": ["Quantity >= 0"]}'),
        mapping={"Description": "title"},
        options={"filters": ["CustomerID ~ .", "Quantity > 0"]},
    ),
    "play time": PublicShape(
        _write_play_time,
        lambda user: str(151600000 + user),
        _game,
        ('mapping={"1": "user_id", "2": "item_id", "3": "type", "4": "value"}',),
        mapping={"1": "user_id", "2": "item_id", "3": "type", "4": "value"},
        options={"values": "counts", "weights": {"purchase": 4}},
        overrides=_AT_RANDOM,
    ),
}
