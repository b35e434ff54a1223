"""A bundle of made-up films of which everything is known, for whatever understands what people say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.sparse import csr_array

from components.interactions.attributes import Attributes
from components.recommenders.content import ContentConfig
from components.recommenders.ease import EaseConfig
from components.recommenders.popularity import Popularity
from components.recommenders.training_data import TrainingData, item_labels
from components.serving.bundle import Bundle, BundleManifest, write_bundle
from components.serving.catalogue import Catalogue

KINDS: dict[str, tuple[str, ...]] = {
    "Jolly": ("Comedy",),
    "Gruesome": ("Horror",),
    "Breathless": ("Thriller", "Crime"),
    "Stellar": ("Sci-Fi", "Thriller"),
    "Tender": ("Romance", "Drama"),
    "Furry": ("Animation", "Children"),
    "Dusty": ("Western",),
    "Muddy": ("War", "Drama"),
}
NOUNS = ("Harbour", "Lantern", "Meadow", "Orchard", "Parade", "Quarry", "Ribbon", "Sparrow")
DIRECTORS = ("Ada Fellner", "Bruno Castellan", "Cleo Marchetti")
COUNTRIES = ("United States", "France", "Japan")
N_FILMS = len(KINDS) * len(NOUNS)


def film(row: int) -> tuple[str, tuple[str, ...], Attributes]:
    """Title, genres and attributes of a film: in each genre one of 1955, 1963, … 2011, 80 to 150 minutes long."""
    kind, place = list(KINDS)[row % len(KINDS)], row // len(KINDS)
    year = 1955 + 8 * place
    known: Attributes = {
        "year": float(year),
        "runtime": float(80 + 10 * ((place * 3 + row) % len(NOUNS))),
        "director": (DIRECTORS[row % 3],),
        "country": (COUNTRIES[(row // 3) % 3],),
    }
    return f"{kind} {NOUNS[place]} ({year})", KINDS[kind], known


def make_film_bundle(folder: Path, n_users: int = 12) -> Path:
    """Write it and return its folder; items "1", "2", …; user "1" has met the first four films, "2" the next four, …"""
    films = [film(row) for row in range(N_FILMS)]
    tags = tuple(genres for _, genres, _ in films)
    ids = tuple(str(row + 1) for row in range(N_FILMS))
    user_ids = tuple(str(user + 1) for user in range(n_users))
    met = np.zeros((n_users, N_FILMS), np.float32)
    for user in range(n_users):
        met[user, 4 * user : 4 * user + 4] = 1
    matrix = csr_array(met)
    labels = tuple(item_labels("", row) for row in tags)
    data = TrainingData(user_ids, ids, matrix, matrix, labels)
    items = Catalogue(
        ids=ids,
        titles=tuple(title for title, _, _ in films),
        categories=tuple(genres[0] for genres in tags),
        tags=tags,
        prices=(None,) * N_FILMS,
        attributes=tuple(known for _, _, known in films),
    )
    fitted = {
        "ease": EaseConfig().build().fit(data, 0),
        "popularity": Popularity().fit(data, 0),
        "content": ContentConfig().build().fit(data, 0),
    }
    manifest = BundleManifest("data-v1", "ease", "0" * 64)
    write_bundle(folder, Bundle(manifest, items, user_ids, matrix, fitted))
    return folder
