"""What every page of the console has at hand: the workbench, the clock, who has signed in, and what is kept a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from console.sessions import COOKIE, Sessions, Visitor
from jobs.console.kept import Kept
from jobs.console.sign_in import find_key
from jobs.wiring.workbench import Workbench


class Desk:
    """One per process."""

    def __init__(self, bench: Workbench, now: Callable[[], float]) -> None:
        self.bench = bench
        self.now = now
        self.sessions = Sessions()
        self.kept = Kept()

    def visitor(self, token: str | None) -> Visitor:
        """Who looks, by the cookie; a key that was taken back opens nothing any more."""
        keys_on, now = self.bench.settings.keys_on, self.now()
        text = self.sessions.key_text(token, now) if token else None
        key = find_key(self.bench, text, now) if text else None
        return Visitor(keys_on, key, text) if key is not None else Visitor(keys_on)


def desk_of(request: Request) -> Desk:
    """The desk of the app that answers."""
    desk: Desk = request.app.state.desk
    return desk


def visitor_of(request: Request) -> Visitor:
    """Who asks, as the door has found out."""
    visitor: Visitor = request.scope["visitor"]
    return visitor


def token_of(request: Request) -> str | None:
    """The cookie of the session."""
    return request.cookies.get(COOKIE)


def links_of(request: Request) -> dict[str, str]:
    """Where MLflow, Prefect and Evidently are for this browser: on the host under which it found us, where they are
    parts of this stack."""
    settings = desk_of(request).bench.settings
    host = request.url.hostname or settings.host
    host = f"[{host}]" if ":" in host else host

    def at(url: str, port: int) -> str:
        return f"http://{host}:{port}" if urlsplit(url).port == port else url

    return {
        "mlflow": at(settings.mlflow_url, settings.mlflow_port),
        "prefect": at(settings.prefect_api_url.removesuffix("/api"), settings.prefect_port),
        "evidently": f"http://{host}:{settings.evidently_port}",
    }


def form_text(form: Any, name: str, most: int = 512) -> str:
    """A field of a form, without blanks around it, cut to `most` characters."""
    value = form.get(name)
    return value.strip()[:most] if isinstance(value, str) else ""
