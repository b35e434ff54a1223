"""Tunes a model by preferences with low-rank adapters (Hu et al. 2021), scores documents with it, and saves it whole.

A query and a document are read as a pair, as servers of /v1/rerank read them. The loss is that of Plackett and Luce for
the first place: the preferred document against what was passed over, by a softmax of the scores. Over two documents it
is the pairwise logistic loss, over more it is listwise.
"""

from __future__ import annotations

import random
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.adapters.hugging_face.base_model import check_installed, open_base
from components.reranking.tuning.preferences import ItemPreference, TuningError
from components.reranking.tuning.schedule import LearningRate

SCORED_AT_ONCE = 32
MOST_GRADIENT = 1.0


@dataclass(frozen=True)
class Adapters:
    """The adapters' rank (their scale is twice that), dropout before them, and how many tokens of a pair are read."""

    rank: int
    dropout: float
    tokens: int


class TunableReranker:
    """A model with adapters on all of its linear layers, and its score.

    Args:
        base: see `open_base`.
        seed: of the head where the base has none, the adapters, the order of batches and dropout.
        device: where torch computes.

    Raises:
        TuningError: `base` or `device` cannot be used.
    """

    def __init__(self, base: Path, adapters: Adapters, seed: int, device: str = "cpu") -> None:
        check_installed()
        import torch
        from peft import LoraConfig, TaskType, get_peft_model

        self._seed, self._tokens = seed, adapters.tokens
        self._device = device
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model, self._tokenizer = open_base(base)
            lora = LoraConfig(
                task_type=TaskType.SEQ_CLS,
                r=adapters.rank,
                lora_alpha=2 * adapters.rank,
                lora_dropout=adapters.dropout,
                target_modules="all-linear",
            )
            with warnings.catch_warnings():  # peft asks transformers by a name that the latter is about to drop
                warnings.simplefilter("ignore", FutureWarning)
                self._model: Any = get_peft_model(model, lora)
        try:
            self._model.to(device)
        except (RuntimeError, AssertionError) as error:
            raise TuningError(f"--device {device}: torch cannot compute there: {str(error).splitlines()[0]}") from error

    @property
    def n_weights(self) -> dict[str, int]:
        """How many weights are tuned, and how many there are."""
        weights = list(self._model.parameters())
        tuned = sum(each.numel() for each in weights if each.requires_grad)
        return {"weights_tuned": tuned, "weights": sum(each.numel() for each in weights)}

    def learn(
        self,
        preferences: Sequence[ItemPreference],
        schedule: LearningRate,
        epochs: int,
        batch: int,
        tell: Callable[[int, float, float], None],
    ) -> None:
        """Learns from all of them `epochs` times, in an order of the seed, `batch` preferences a step.

        Args:
            schedule: made for `n_steps(len(preferences), epochs, batch)` steps.
            tell: hears of each step: its number from 0, its loss, its rate.
        """
        import torch
        from torch.nn import functional

        tuned = [each for each in self._model.parameters() if each.requires_grad]
        optimizer = torch.optim.AdamW(tuned, lr=schedule.at(0), weight_decay=0.0)
        drawn = random.Random(f"batches {self._seed}")  # noqa: S311 - no secret
        self._model.train()
        step = 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self._seed)
            for _ in range(epochs):
                order = drawn.sample(range(len(preferences)), len(preferences))
                for start in range(0, len(order), batch):
                    those = [preferences[place] for place in order[start : start + batch]]
                    rate = schedule.at(step)
                    for group in optimizer.param_groups:
                        group["lr"] = rate
                    pairs = [(one.query, document) for one in those for document in one.documents]
                    scores = self._scores(pairs).split([len(one.documents) for one in those])
                    loss = -torch.stack([functional.log_softmax(each, 0)[0] for each in scores]).mean()
                    optimizer.zero_grad(set_to_none=True)
                    loss.backward()
                    torch.nn.utils.clip_grad_norm_(tuned, MOST_GRADIENT)
                    optimizer.step()
                    tell(step, float(loss.detach()), rate)
                    step += 1
        self._model.eval()

    def score(self, query: str, documents: Sequence[str]) -> NDArray[np.floating]:
        """A score for each document, higher for better; no chance is in it."""
        return score_pairs(self._model, self._tokenizer, query, documents, self._tokens, self._device)[0]

    def save(self, folder: Path) -> None:
        """The tuned model with its tokenizer, adapters merged in, as a folder that any server of such models reads."""
        aside = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(aside, ignore_errors=True)
        self._model.to("cpu").merge_and_unload().save_pretrained(aside)
        self._tokenizer.save_pretrained(aside)
        if folder.exists():
            folder.rmdir()
        aside.replace(folder)

    def _scores(self, pairs: Sequence[tuple[str, str]]) -> Any:
        read = encode(self._tokenizer, pairs, self._tokens).to(self._device)
        return self._model(**read).logits.squeeze(-1)


def n_steps(n_preferences: int, epochs: int, batch: int) -> int:
    """How many steps `TunableReranker.learn` takes."""
    return epochs * -(-n_preferences // batch)


def encode(tokenizer: Any, pairs: Sequence[tuple[str, str]], tokens: int) -> Any:
    """Pairs of query and document as the model reads them, at most `tokens` each, the longer text cut first."""
    queries, documents = [query for query, _ in pairs], [document for _, document in pairs]
    return tokenizer(
        queries, documents, padding=True, truncation="longest_first", max_length=tokens, return_tensors="pt"
    )


def score_pairs(
    model: Any, tokenizer: Any, query: str, documents: Sequence[str], tokens: int, device: str = "cpu"
) -> tuple[NDArray[np.floating], int]:
    """A score for each document, and how many tokens were read; some at a time."""
    import torch

    model.eval()
    found, n_read = [np.empty(0, np.float32)], 0
    with torch.inference_mode():
        for start in range(0, len(documents), SCORED_AT_ONCE):
            pairs = [(query, document) for document in documents[start : start + SCORED_AT_ONCE]]
            read = encode(tokenizer, pairs, tokens).to(device)
            n_read += int(read["attention_mask"].sum())
            found.append(model(**read).logits.squeeze(-1).float().cpu().numpy())
    return np.concatenate(found), n_read
