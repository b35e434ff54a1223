"""Which text encoder finds what users like next: words or MiniLM, with and without who made the film.

Run it with `python -m benchmarks.text_encoders [--full] [--json]`; the extra `text` adds a row. A
user's profile text is what the films say that they liked last before the cut (the last 20 % of each user's ratings of
the demo's MovieLens are held out); the whole catalogue is ranked by it as the content route does,
but for the labels that a text names. Genre AUC asks for a
genre by its name, and then again with the genres taken out of the films' texts.
"""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter

import numpy as np
import pandas as pd

from benchmarks.report import Report, Row, report_main
from benchmarks.stated_params import stated
from components.adapters.sources.movielens import MovieLensSource
from components.config.ingest import IngestConfig
from components.interactions.attribute_columns import attributes_of
from components.interactions.attributes import Attributes
from components.interactions.prepared import prepare
from components.interactions.screening import screen
from components.metrics.ranking import ndcg
from components.recommenders.content import Content, ContentConfig, FittedContent
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import TrainingData
from components.recommenders.text.encoder import TextEncoderError
from components.recommenders.training_data import training_data
from components.splitting.temporal import split_per_user

LAST = (1, 10)
K = 10
NO_GENRE = "(no genres listed)"


def run(full: bool) -> Report:
    """All encoders with `full`, else the words alone."""
    screened = screen(MovieLensSource().read(), stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0))
    prepared = prepare(screened.interactions, screened.items, screened.users, 4.0)
    parts = split_per_user(prepared.interactions, 0.2)
    catalogues = {"title, genres": prepared.items}
    notes: list[str] = []
    catalogues["+ people"] = prepared.items.assign(description=[_people(row) for row in attributes_of(prepared.items)])
    rows: list[Row] = []
    for name, items in catalogues.items():
        train, test = (training_data(part, items, prepared.users) for part in (parts.train, parts.test))
        if not rows:
            popular = Popularity().fit(train, 0)
            rows.append({"encoder": "(popularity)", "text": "", **_quality(popular.counts, train, test, parts.train)})
        for encoder in ("tf_idf", "minilm") if full else ("tf_idf",):
            start = perf_counter()
            try:
                content = Content(ContentConfig(encoder=encoder)).fit(train, 0)
            except TextEncoderError as error:
                notes.append(str(error))
                continue
            seconds = round(perf_counter() - start, 1)
            content = replace(content, labels=("",) * len(content.labels))  # the encoder alone: no label is named
            quality = _quality(content, train, test, parts.train)
            auc = _genre_auc(content, train)
            rows.append({"encoder": encoder, "text": name, **quality, **auc, "fit_s": seconds})
    return Report("Text encoders on the demo's MovieLens", rows, tuple(dict.fromkeys(notes)))


def _people(attributes: Attributes) -> str:
    known = [(name, attributes.get(name)) for name in ("director", "cast", "writer", "country")]
    return " ".join(f"{name}: {' '.join(value)}." for name, value in known if isinstance(value, tuple))


def _quality(model: FittedContent | np.ndarray, train: TrainingData, test: TrainingData, past: pd.DataFrame) -> Row:
    """NDCG@10 over the users with a like before the cut and one after it, by how many films make up the text."""
    row_of = {item: row for row, item in enumerate(train.item_ids)}
    liked = past[past["relevant"]].groupby("user_id")["item_id"].agg(list).to_dict()
    numbers: Row = {}
    for last in LAST:
        hits, n_relevant = [], []
        for user, user_id in enumerate(train.user_ids):
            seen = train.seen.indices[train.seen.indptr[user] : train.seen.indptr[user + 1]]
            targets = test.positives.indices[test.positives.indptr[user] : test.positives.indptr[user + 1]]
            targets = np.setdiff1d(targets, seen)
            if not len(targets) or user_id not in liked:
                continue
            text = " ".join(train.item_texts[row_of[item]] for item in liked[user_id][-last:])
            hits.append(np.isin(_top(model, text, seen), targets))
            n_relevant.append(len(targets))
        numbers[f"ndcg_last_{last}"] = round(float(ndcg(np.array(hits), np.array(n_relevant)).mean()), 4)
    return numbers


def _top(model: FittedContent | np.ndarray, text: str, seen: np.ndarray) -> np.ndarray:
    if isinstance(model, FittedContent):
        return model.top_k_for({}, K, seen, model.scores_for_text(text)).items
    scores = model.copy()
    scores[seen] = -1
    return np.argsort(-scores, kind="stable")[:K]


def _genre_auc(content: FittedContent, train: TrainingData) -> Row:
    """Mean over genres of the share of pairs in which the film of the genre scores above the one that is not of it."""
    bare = tuple(_without(text, labels) for text, labels in zip(train.item_texts, train.item_labels, strict=True))
    blind = replace(content, item_texts=content.encoder.encode(bare))
    return {"genre_auc": _auc(content, train), "genre_auc_blind": _auc(blind, train)}


def _without(text: str, labels: tuple[str, ...]) -> str:
    return " ".join(word for word in text.split() if word.casefold() not in labels)


def _auc(content: FittedContent, train: TrainingData) -> float:
    areas = []
    for genre in sorted({label for labels in train.item_labels for label in labels} - {NO_GENRE}):
        has = np.array([genre in labels for labels in train.item_labels])
        scores = content.scores_for_text(genre)
        ranks = pd.Series(np.zeros(len(has)) if scores is None else scores).rank().to_numpy()
        n = int(has.sum())
        areas.append((ranks[has].sum() - n * (n + 1) / 2) / (n * (len(has) - n)))
    return round(float(np.mean(areas)), 3)


if __name__ == "__main__":
    report_main(__doc__, run)
