"""Serves a tuned folder by the interface of rerankers: `POST /v1/rerank` as Jina defined it, and `GET /health`.

One question at a time is computed, in a thread beside the event loop; others wait.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, ValidationError

from components.adapters.hugging_face.base_model import open_base
from components.adapters.hugging_face.reranker import score_pairs

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

MOST_BYTES = 1_000_000


class RerankQuestion(BaseModel):
    """What is asked; what else a client says is passed over."""

    query: str
    documents: list[str] = Field(min_length=1, max_length=200)
    top_n: int | None = Field(default=None, ge=1)
    return_documents: bool = False


def make_rerank_app(folder: Path, tokens: int) -> Starlette:
    """The app; the model is read now.

    Raises:
        components.reranking.tuning.preferences.TuningError: the folder cannot be used.
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    model, tokenizer = open_base(folder, "FOLDER")
    one_at_a_time = threading.Lock()

    def answer(question: RerankQuestion) -> dict[str, Any]:
        with one_at_a_time:
            scores, n_read = score_pairs(model, tokenizer, question.query, question.documents, tokens)
        best = sorted(range(len(scores)), key=lambda place: -float(scores[place]))[: question.top_n]
        results: list[dict[str, Any]] = [{"index": place, "relevance_score": float(scores[place])} for place in best]
        if question.return_documents:
            results = [{**each, "document": {"text": question.documents[each["index"]]}} for each in results]
        return {"model": folder.name, "results": results, "usage": {"total_tokens": n_read}}

    async def rerank(request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MOST_BYTES:
                return JSONResponse({"error": f"over {MOST_BYTES} bytes"}, 413)
        try:
            question = RerankQuestion.model_validate_json(bytes(body))
        except ValidationError as error:
            wrong = error.errors()[0]
            where = ".".join(str(part) for part in wrong["loc"]) or "body"
            return JSONResponse({"error": f"{where}: {wrong['msg']}"}, 422)
        return JSONResponse(await run_in_threadpool(answer, question))

    async def health(_: Request) -> Response:
        return JSONResponse({"model": folder.name})

    return Starlette(routes=[Route("/v1/rerank", rerank, methods=["POST"]), Route("/health", health)])
