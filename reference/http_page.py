"""Writes the endpoints, bodies and answers of a slot from the document that it serves at /openapi.json."""

from __future__ import annotations

from typing import Any

from bentos.openapi import openapi
from reference.markdown import code, table

INTRODUCTION = """# Endpoints

From `/openapi.json`, which each slot serves and clients can be generated from; what it all means is in
[HTTP interface](../http.md).
"""


def http_page() -> str:
    """The page of all endpoints, then of all bodies."""
    document = openapi("release-1")
    schemas = document["components"]["schemas"]
    endpoints = [
        f"### `{method.upper()} {path}`\n\n{_operation(operation)}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    bodies = [f"### `{name}`\n\n{_body(schema)}" for name, schema in sorted(schemas.items())]
    return "\n".join((INTRODUCTION, "## By path\n", *endpoints, "## Bodies\n", *bodies))


def _operation(operation: dict[str, Any]) -> str:
    lines = [operation["description"]]
    if "requestBody" in operation:
        lines.append("Takes " + _type(_schema(operation["requestBody"])) + ".")
    rows = [
        (status, answer["description"], _type(_schema(answer))) for status, answer in operation["responses"].items()
    ]
    return "\n\n".join((*lines, table(("status", "when", "body"), rows)))


def _schema(holder: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(iter(holder["content"].values()))["schema"]
    return found


def _body(schema: dict[str, Any]) -> str:
    said = schema.get("description", "").split("\n\n")[0].replace("\n", " ")
    required = set(schema.get("required", ()))
    rows = [
        (code(name), _type(field), "yes" if name in required else "", _limits(field))
        for name, field in schema.get("properties", {}).items()
    ]
    return (f"{said}\n\n" if said else "") + table(("field", "type", "required", "limits"), rows)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[`{name}`](#{name.lower()})"
    for joined in ("anyOf", "oneOf", "allOf"):
        if joined in schema:
            return " or ".join(dict.fromkeys(map(_type, schema[joined])))
    if "enum" in schema:
        return ", ".join(map(code, schema["enum"]))
    if "const" in schema:
        return code(schema["const"])
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return "list of " + _type(schema.get("items", {}))
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return "object of " + _type(schema["additionalProperties"])
    return str(kind)


LIMITS = {
    "minimum": "≥",
    "maximum": "≤",
    "exclusiveMinimum": ">",
    "exclusiveMaximum": "<",
    "minLength": "characters ≥",
    "maxLength": "characters ≤",
    "minItems": "entries ≥",
    "maxItems": "entries ≤",
    "maxProperties": "entries ≤",
    "default": "by default",
}


def _limits(schema: dict[str, Any]) -> str:
    said = [f"{words} {schema[name]}" for name, words in LIMITS.items() if schema.get(name) is not None]
    return ", ".join(said + [_limits(each) for each in schema.get("anyOf", ()) if _limits(each)])
