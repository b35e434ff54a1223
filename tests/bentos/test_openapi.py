"""The document says what the service does: what it allows and forbids is answered as it says, and never with a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from bentos.asgi_app import RecopsApp
from bentos.http_body import Receive, Scope, Send
from bentos.openapi import BODIES
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.access.roles import ALLOWED
from components.adapters.store.engine import migrate
from components.config.routing import RoutingConfig
from components.config.settings import Settings
from tests.asgi_client import call
from tests.worlds import make_bundle

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CASES = 2_100
UNBOUNDED = (
    "feedback_per_user_minute",
    "feedback_per_address_minute",
    "prefetched_per_minute",
    "requests_per_address_minute",
)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecopsApp]:
    folder = tmp_path_factory.mktemp("openapi")
    make_bundle(folder / "src" / BUNDLE)
    variant = ServedVariant(routing=RoutingConfig(cold_start_threshold=5, candidates=200))
    ServedRelease(release_id="release-1", variants=(variant,)).write(folder / "src")
    unbounded = dict.fromkeys(UNBOUNDED, 1e9)
    of_test = Settings.model_validate({"home": folder / "home", "slot": "blue", **unbounded})
    migrate(of_test.store_url)
    app = build_app(of_test, folder / "src", busy_seconds=5.0)
    yield app
    app.close()


def ask(app: RecopsApp, path: str, allowed: bool | None, examples: int) -> int:
    """Asks an endpoint so many things that its document allows, or forbids; how many in all."""

    async def living(scope: Scope, receive: Receive, send: Send) -> None:
        """The app without its end, as each client that reads the document lets its own go."""
        if scope["type"] == "lifespan":
            for step in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{step}.complete"})
        else:
            await app(scope, receive, send)

    document = schemathesis.openapi.from_asgi("/openapi.json", living)
    operation = document[path]["GET" if allowed is None else "POST"]
    mode = {True: GenerationMode.POSITIVE, False: GenerationMode.NEGATIVE}
    cases = operation.as_strategy(**({} if allowed is None else {"generation_mode": mode[allowed]}))
    asked = 0

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def ask_one(case: Any) -> None:
        nonlocal asked
        asked += 1
        case.call_and_validate(checks=CHECKS)

    ask_one()
    return asked


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("path", BODIES)
def test_a_few_posts_are_answered_as_the_document_says(app: RecopsApp, path: str, allowed: bool) -> None:
    assert ask(app, path, allowed, 30) >= 30


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("path", BODIES)
def test_thousands_of_posts_are_answered_as_the_document_says(app: RecopsApp, path: str, allowed: bool) -> None:
    assert ask(app, path, allowed, CASES) >= CASES


def test_twenty_thousand_posts_are_asked() -> None:
    assert 2 * len(BODIES) * CASES >= 20_000


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics", "/release", "/openapi.json"])
def test_every_page_is_answered_as_the_document_says(app: RecopsApp, path: str) -> None:
    assert ask(app, path, None, 10) >= 1


def test_every_endpoint_is_in_the_document(app: RecopsApp) -> None:
    document = call(app, "GET", "/openapi.json").json
    assert set(document["paths"]) == {*ALLOWED, "/livez", "/readyz"}
    assert set(BODIES) == {path for path, methods in document["paths"].items() if "post" in methods}
