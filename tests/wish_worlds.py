"""A small catalogue of films, and what is needed to read and judge wishes about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from components.wishes.facts import CatalogueFacts, item_facts
from components.wishes.reader import Reader
from components.wishes.vocabulary import read_vocabulary

FREQUENT = (
    "time travel about heart woods story big great inside house lost king night day sunday morning with from wild ball"
    " planet zombies music afternoon boring awful spaceship world dream lord ring heat toy"
)
ENGLISH = dict.fromkeys(re.split(" ", FREQUENT), 1000)
USA, HANKS, HITCHCOCK = ("United States",), ("Tom Hanks", "Tim Allen"), ("Alfred Hitchcock",)
AMELIE = "Amélie (Fabuleux destin d'Amélie Poulain, Le) (2001)"
FRENCH, JAPANESE = {"country": ("France", "Germany"), "language": ("French",)}, ("Japanese",)
Film = tuple[str, str, Mapping[str, float | str | tuple[str, ...]]]
FILMS: tuple[Film, ...] = (
    ("Inception (2010)", "Sci-Fi|Thriller", {"runtime": 148.0, "director": ("Christopher Nolan",), "country": USA}),
    ("Matrix, The (1999)", "Sci-Fi|Action", {"runtime": 136.0, "cast": ("Keanu Reeves",), "country": USA}),
    ("Matrix Reloaded, The (2003)", "Sci-Fi|Action", {"runtime": 138.0, "cast": ("Keanu Reeves",)}),
    ("Toy Story (1995)", "Animation|Children|Comedy", {"runtime": 81.0, "cast": HANKS}),
    ("Toy Story 2 (1999)", "Animation|Children|Comedy", {"runtime": 92.0, "cast": HANKS}),
    ("Psycho (1960)", "Horror|Crime", {"runtime": 109.0, "director": HITCHCOCK, "country": USA}),
    ("Rear Window (1954)", "Mystery|Thriller", {"runtime": 112.0, "director": HITCHCOCK}),
    (AMELIE, "Comedy|Romance", {"runtime": 122.0, **FRENCH}),
    ("Spirited Away (2001)", "Animation|Fantasy", {"runtime": 125.0, "country": ("Japan",), "language": JAPANESE}),
    ("Unforgiven (1992)", "Western|Drama", {"runtime": 131.0, "cast": ("Clint Eastwood",)}),
    ("Titanic (1997)", "Drama|Romance", {"runtime": 194.0, "country": USA}),
    ("Night Mail (1936)", "Documentary", {"runtime": 25.0, "country": ("United Kingdom",)}),
    ("Cabaret (1972)", "Musical|Drama", {"country": USA}),
    ("Nobody Knows (2004)", "", {}),
    ("Heat (1995)", "Crime|Action", {"runtime": 170.0, "cast": ("Al Pacino",), "director": ("Michael Mann",)}),
    ("Das Boot (1981)", "War|Drama", {"runtime": 149.0, "country": ("West Germany",), "language": ("German",)}),
)
TITLES = tuple(title for title, _, _ in FILMS)


def film_facts() -> CatalogueFacts:
    """The films, the first the best liked."""
    labels = [[label for label in genres.split("|") if label] for _, genres, _ in FILMS]
    likes = np.arange(len(FILMS), 0, -1, dtype=float)
    return item_facts([str(row) for row in range(len(FILMS))], TITLES, labels, [known for _, _, known in FILMS], likes)


def film_reader() -> Reader:
    """Reads texts about the films; only `ENGLISH` are ordinary words, besides those of the vocabulary."""
    return Reader(film_facts(), read_vocabulary(), ENGLISH)


@dataclass(frozen=True)
class Plain:
    """Items are alike as far as they share labels; `texts` says which rows have to do with a text."""

    facts: CatalogueFacts
    met: tuple[int, ...] = ()
    texts: Mapping[str, tuple[int, ...]] | None = None

    def to_items(self, rows: np.ndarray) -> np.ndarray:
        labels = self.facts.label_rows
        return np.asarray(labels @ np.asarray(labels[rows].mean(axis=0)).ravel(), np.float32)

    def to_asker(self) -> np.ndarray | None:
        return self.to_items(np.array(self.met)) if self.met else None

    def to_text(self, text: str) -> np.ndarray | None:
        rows = (self.texts or {}).get(text, ())
        scores = np.zeros(len(self.facts), np.float32)
        scores[list(rows)] = 1
        return scores if rows else None
