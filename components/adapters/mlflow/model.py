"""The MLflow form of a bundle: answers a table of users with the very objects that the service answers with.

MLflow keeps this file with each model ("models from code", so nothing is pickled) and runs it to load the model;
it needs the recops package beside it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from components.config.routing import RoutingConfig
from components.serving.answer import Answer
from components.serving.bundle import read_bundle
from components.serving.request_path import RequestPath
from components.serving.requests import RecommendRequest

OUTPUT_COLUMNS = ("user_id", "rank", "item_id", "title", "score", "route")


class RecommenderModel(PythonModel):
    """A pyfunc whose artifact `bundle` is the pipeline's bundle and whose model_config holds the routing section.

    MLflow finds `load_context(self, context)` and `predict` by the names of their arguments: do not rename them.
    """

    def load_context(self, context: Any) -> None:
        """Reads and checks the bundle; called by MLflow once, when the model is loaded."""
        bundle = read_bundle(Path(context.artifacts["bundle"]))
        routing = RoutingConfig.model_validate(context.model_config["routing"])
        self._path = RequestPath(bundle, routing, release_id="mlflow", slot="none", variant="none")

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """The `k` best items of each user in column `user_id` of `model_input`, one row per item, best first.

        An unknown user gets the popular items. `params` may hold `k`, from 1 to 100, 10 by default.
        """
        k = int((params or {}).get("k", 10))
        answers = [
            self._path.recommend(RecommendRequest(user_id=user_id, k=k, explain=False), request_id="mlflow")
            for user_id in model_input["user_id"]
        ]
        return pd.DataFrame([row for answer in answers for row in _rows(answer)], columns=list(OUTPUT_COLUMNS))


def _rows(answer: Answer) -> list[tuple[str, int, str, str, float, str]]:
    return [
        (answer.user_id, item.rank, item.item_id, item.title, float(item.score), answer.route) for item in answer.items
    ]


set_model(RecommenderModel())
