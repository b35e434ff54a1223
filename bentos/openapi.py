"""Writes the OpenAPI document of a slot from the models that parse its requests, so that the two cannot differ."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from components.access.roles import ALLOWED
from components.serving.chat_request import ChatRequest, ExplainRequest
from components.serving.onboarding_request import OnboardingRequest
from components.serving.requests import (
    MAX_EVENTS,
    FeedbackEvent,
    PrefetchRequest,
    RecommendRequest,
    SearchRequest,
    SimilarRequest,
)

VERSION = "3.1.0"
REF = "#/components/schemas/{model}"
BODIES: dict[str, type[BaseModel]] = {
    "/recommend": RecommendRequest,
    "/search": SearchRequest,
    "/chat": ChatRequest,
    "/explain": ExplainRequest,
    "/onboarding": OnboardingRequest,
    "/similar": SimilarRequest,
    "/prefetch": PrefetchRequest,
    "/feedback": FeedbackEvent,
}
REFUSALS = {
    "400": "broken JSON, or a domain that there is not",
    "401": "no good key, where keys are on",
    "403": "a key that may not",
    "404": "no such thing",
    "405": "another method",
    "408": "a body that came too slowly",
    "409": "another message of the conversation came first",
    "413": "more than 1 MB",
    "415": "another content type than application/json",
    "422": "a wrong field, which is named",
    "429": "more than one may ask; Retry-After says when",
    "503": "nothing is live, or the event store is away",
}
_TEXT, _NUMBER, _COUNT, _FLAG = {"type": "string"}, {"type": "number"}, {"type": "integer"}, {"type": "boolean"}
_MAYBE = {"type": ["string", "null"]}
_ANSWERED = {"request_id": _TEXT, "release": _TEXT, "slot": _TEXT, "variant": _TEXT, "timings_ms": {"type": "object"}}
_ITEM = {"item_id": _TEXT, "title": _TEXT, "category": _TEXT, "rank": _COUNT, "score": _NUMBER}
_ERROR = {"code": _TEXT, "message": _TEXT, "field": _MAYBE}


def openapi(release: str) -> dict[str, Any]:
    """The document; `release` is the one that answers."""
    _, definitions = models_json_schema([(model, "validation") for model in BODIES.values()], ref_template=REF)
    schemas = definitions["$defs"] | _answers()
    paths: dict[str, Any] = {path: {"post": _post(path)} for path in BODIES}
    for path in ("/release", "/openapi.json"):
        paths[path] = {"get": _operation({"200": _content("an object", {"type": "object"})}, path)}
    for path in ("/livez", "/readyz", "/metrics"):
        text = {"description": "plain text", "content": {"text/plain": {"schema": _TEXT}}}
        paths[path] = {"get": _operation({"200": text}, path)}
    return {
        "openapi": VERSION,
        "info": {"title": "recops", "version": release, "description": "See docs/http.md."},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "user": {"type": "apiKey", "in": "header", "name": "x-recops-user-token"},
            },
        },
    }


def _post(path: str) -> dict[str, Any]:
    model = BODIES[path].__name__
    body: dict[str, Any] = {"$ref": REF.format(model=model)}
    if path == "/feedback":
        body = {"oneOf": [body, {"type": "array", "items": body, "minItems": 1, "maxItems": MAX_EVENTS}]}
    good = "202" if path in ("/feedback", "/prefetch") else "200"
    answer = _content("the answer", {"$ref": REF.format(model=f"answer{path.replace('/', '_')}")})
    operation = _operation({good: answer}, path)
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return operation


def _operation(good: dict[str, Any], path: str) -> dict[str, Any]:
    refusals = {status: _content(why, {"$ref": REF.format(model="error")}) for status, why in REFUSALS.items()}
    roles = ALLOWED.get(path)
    said = f"With keys on: {', '.join(sorted(roles))}." if roles else "Open to everybody."
    return {"description": said, "responses": good | refusals, "security": [{}, {"key": []}] if roles else []}


def _content(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _answers() -> dict[str, Any]:
    items = {"type": "array", "items": _object(_ITEM)}
    told = _object({"index": _COUNT, **_ERROR})
    feedback = _object({"accepted": _COUNT, "duplicates": _COUNT})
    feedback["properties"] |= {name: {"type": "array", "items": told} for name in ("errors", "notes")}
    recommended = {"user_id": _TEXT, "items": items, "route": _TEXT, "fallback_reason": _MAYBE}
    recommended |= {"cached": _FLAG, "degraded": _FLAG, "cost_usd": _NUMBER, **_ANSWERED, "next": _MAYBE}
    chat = {"conversation_id": _TEXT, "reply": _TEXT, "did": _TEXT, "items": items, "changed": _FLAG}
    chat |= {"understood": {"type": "array"}, "state": {"type": "object"}, "cost_usd": _NUMBER, **_ANSWERED}
    chat |= {"led_by": _TEXT, "fallback_reason": _MAYBE, "dropped": {"type": "array", "items": _TEXT}}
    return {
        "error": _object({"error": _object(_ERROR)}),
        "answer_recommend": _object(recommended),
        "answer_search": _object(
            {
                "items": items,
                "understood": {"type": "array"},
                "fallback_reason": _MAYBE,
                "cost_usd": _NUMBER,
                **_ANSWERED,
            }
        ),
        "answer_chat": _object(chat),
        "answer_explain": _object({"item": _object(_ITEM), "why": _TEXT, **_ANSWERED}),
        "answer_onboarding": _object({"ask": items, "items": items, "answered": _COUNT, "route": _TEXT, **_ANSWERED}),
        "answer_similar": _object({"item_id": _TEXT, "items": items, **_ANSWERED}),
        "answer_prefetch": _object({"accepted": _COUNT}),
        "answer_feedback": feedback,
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """An object that has all of these, and may have more."""
    return {"type": "object", "properties": dict(properties), "required": list(properties)}
