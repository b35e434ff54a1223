"""Hands many prompts at once to the Message Batches API, at half the price, and fetches what came of them.

Creating a batch is never tried twice: an attempt that was not answered may have made one all the same, and it would be
paid for. Whoever submits finds it again with `created_since` (components/adapters/llm/batch_journal.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from components.adapters.llm.claude import message_parameters, reply_format
from components.config.llm import Price, Tier
from components.reranking.calls import Failed, Reply
from components.reranking.cost import TokenUsage
from components.reranking.prompt import RenderedPrompt

MAX_REQUESTS = 10_000
MAX_BYTES = 50_000_000
"""Of one batch; the API takes ten and five times as much, but a failure should not cost so much time."""
SECONDS = 120.0
BATCH_DISCOUNT = 0.5
"""What a batch costs of the usual price."""


class BatchError(Exception):
    """The Batches API refuses; the message says what it was asked."""


class BatchUnanswered(BatchError):
    """The Batches API does not answer: what it was asked to do may have been done."""


@dataclass(frozen=True, slots=True)
class BatchState:
    """One batch as the API sees it; `created_at` is seconds since 1970."""

    batch_id: str
    created_at: float
    ended: bool
    n_requests: int


def batch_parameters(tier: Tier, price: Price, prompt: RenderedPrompt, user: str) -> dict[str, Any]:
    """The body of one message of a batch, with the format of its reply."""
    import anthropic

    parameters = message_parameters(tier, price, prompt, user)
    schema = anthropic.transform_schema(reply_format(prompt))
    config = {**parameters.get("output_config", {}), "format": {"type": "json_schema", "schema": schema}}
    return {**parameters, "output_config": config}


class ClaudeBatches:
    """A client of the Batches API at `base_url`, None for Anthropic's own."""

    def __init__(self, base_url: str | None, api_key: SecretStr) -> None:
        import anthropic

        self._client = anthropic.Anthropic(
            base_url=base_url, api_key=api_key.get_secret_value(), timeout=SECONDS, max_retries=2
        )

    def submit(self, requests: Mapping[str, Mapping[str, Any]]) -> BatchState:
        """Makes one batch of these bodies, by custom id.

        Raises:
            BatchUnanswered: nobody knows whether it exists.
            BatchError: it was refused.
        """
        body: Any = [{"custom_id": custom_id, "params": dict(params)} for custom_id, params in requests.items()]
        with _errors("create a batch"):
            return _state(self._client.with_options(max_retries=0).messages.batches.create(requests=body))

    def state(self, batch_id: str) -> BatchState:
        """How far a batch is.

        Raises:
            BatchError: it does not exist, or the API does not answer.
        """
        with _errors(f"show {batch_id}"):
            return _state(self._client.messages.batches.retrieve(batch_id))

    def created_since(self, time: float) -> list[BatchState]:
        """The batches that were made from `time` on, newest first, as the API gives them.

        Raises:
            BatchError: the API does not answer.
        """
        found = []
        with _errors("list batches"):
            for batch in self._client.messages.batches.list(limit=100):
                state = _state(batch)
                if state.created_at < time:
                    break
                found.append(state)
        return found

    def results(self, batch_id: str) -> Iterator[tuple[str, Reply | Failed]]:
        """What came of each request of a batch that has ended, by custom id, in any order.

        Raises:
            BatchError: it has not ended, or the API does not answer; what was given so far stays true.
        """
        with _errors(f"read the results of {batch_id}"):
            for line in self._client.messages.batches.results(batch_id):
                yield line.custom_id, _outcome(line.result)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()


@contextmanager
def _errors(what: str) -> Iterator[None]:
    import anthropic
    import httpx2

    try:
        yield
    except anthropic.APIStatusError as error:
        kind = BatchUnanswered if error.status_code >= 500 else BatchError
        raise kind(f"cannot {what}: the API answered {error.status_code}") from error
    except (anthropic.AnthropicError, httpx2.HTTPError, ValueError) as error:
        raise BatchUnanswered(f"cannot {what}: {type(error).__name__}") from error


def _state(batch: Any) -> BatchState:
    counts = batch.request_counts
    n_requests = counts.canceled + counts.errored + counts.expired + counts.processing + counts.succeeded
    return BatchState(batch.id, batch.created_at.timestamp(), batch.processing_status == "ended", n_requests)


def _outcome(result: Any) -> Reply | Failed:
    """A request that did not succeed is not charged."""
    if result.type != "succeeded":
        kind = getattr(getattr(getattr(result, "error", None), "error", None), "type", "")
        return Failed(
            "rejected" if kind == "invalid_request_error" else "error", detail=f"{result.type} {kind}".strip()
        )
    message = result.message
    text = "".join(block.text for block in message.content if block.type == "text")
    used = message.usage
    usage = TokenUsage(
        used.input_tokens or 0,
        used.output_tokens or 0,
        used.cache_read_input_tokens or 0,
        used.cache_creation_input_tokens or 0,
    )
    return Reply(text, None, usage, str(message.stop_reason))
