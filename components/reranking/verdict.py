"""Decides whether a reply can be used: the order that it holds, or why it counts for nothing."""

from __future__ import annotations

from components.reranking.calls import Failed, FailureKind, Reply
from components.reranking.prompt import RenderedPrompt
from components.reranking.reply_parser import ParsedReply, parse_reply, read_reply


def read_order(reply: Reply, prompt: RenderedPrompt, k: int) -> ParsedReply | Failed:
    """The order of the candidates as `prompt` showed them; positions from 0.

    A refusal counts for nothing, whatever it says beside it. A reply that was cut off is used as far as it goes.
    """
    if reply.stop == "refusal":
        return Failed("refused", reply.usage, billed=True, of_service=False)
    structured = reply.structured
    if structured is not None:
        parsed = read_reply(structured.order, structured.reasons, prompt.n, min(k, prompt.n))
    else:
        parsed = parse_reply(reply.text, prompt.n, min(k, prompt.n))
    if parsed.n_placed > 0:
        return parsed
    kind: FailureKind = "truncated" if reply.stop == "max_tokens" else "malformed"
    return Failed(kind, reply.usage, billed=True, of_service=False, detail=f"stop {reply.stop[:32]}")
