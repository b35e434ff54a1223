"""Stage 3: trains the recommender that params name, and popularity beside it, on the train part."""

from __future__ import annotations

from components.config.settings import SettingsError, load_settings
from components.params.params import Params
from components.ranking.pipeline import Pipeline
from components.ranking.pipeline_choice import Choice, load_choice, save_choice
from components.recommenders.popularity import Popularity
from components.recommenders.protocol import RecommenderError
from components.recommenders.training_data import training_data
from stages.stage import (
    CHOICE,
    PREPARED,
    SPLIT,
    TRAIN,
    find_item_vectors,
    pipeline_at_once,
    read_table,
    run_stage,
    with_item_vectors,
)


def train(params: Params) -> str:
    """artifacts/train holds one folder per fitted recommender, artifacts/choice what a pipeline chose and learnt."""
    tables = read_table(SPLIT, "train"), read_table(PREPARED, "items"), read_table(PREPARED, "users")
    data = with_item_vectors(training_data(*tables, find_item_vectors(PREPARED), params.routing.repeats), params)
    recommenders = {recipe.config.kind: recipe for recipe in (Popularity(), params.train.recommender.build())}
    CHOICE.mkdir(parents=True, exist_ok=True)
    chosen = ""
    for name, recommender in recommenders.items():
        if isinstance(recommender, Pipeline):
            earlier = _earlier_choice(params.data.choice_of)
            whole = pipeline_at_once(recommender, data).fit_reported(data, params.train.seed, earlier)
            whole.served.save(TRAIN / name)
            save_choice(CHOICE, whole.choice)
            measured = ", ".join(f"{method} {quality:.4f}" for method, quality in whole.choice.measured.items())
            chosen = f"; {whole.choice.method} orders candidates (inside the training part: {measured})"
            for group, gain in whole.choice.gains.items():
                taken = "taken" if group in whole.choice.groups else "left"
                chosen += f"; {group} {gain:+.4f}, {taken}"
            if earlier is not None:
                chosen += f"; kept from {params.data.choice_of}" if whole.choice is earlier else "; chosen anew"
        else:
            recommender.fit(data, params.train.seed).save(TRAIN / name)
    return (
        f"{' and '.join(sorted(recommenders))} on {data.positives.nnz} relevant of {data.seen.nnz} interactions{chosen}"
    )


def _earlier_choice(tag: str | None) -> Choice | None:
    return None if tag is None else load_choice(load_settings().choices_folder / tag)


if __name__ == "__main__":
    run_stage(train, RecommenderError, SettingsError)
