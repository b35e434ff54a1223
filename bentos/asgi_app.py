"""The HTTP face of the request path: a bare ASGI app, because frameworks cost more than the answer itself.

Past 250 lines, as each endpoint is a few lines between the same door, errors and log.
"""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from bentos.answers import Answers, Source
from bentos.caller import Caller
from bentos.conversations import Conversations
from bentos.door import Door
from bentos.event_stream import EVENT_STREAM, as_events, wants_events
from bentos.fault_injection import FaultInjection
from bentos.feedback_intake import FeedbackIntake
from bentos.http_body import ClientGone, Receive, Scope, Send, read_json_body
from bentos.http_errors import HttpError, check_size, nothing_at, parse_body, refuse_domain, refuse_filter, retry_after
from bentos.language_model import LanguageModels
from bentos.load_gauge import LoadGauge
from bentos.newcomers import Newcomers
from bentos.openapi import openapi
from bentos.prefetch import Prefetch, PrefetchFull
from bentos.ranking_threads import RankingsWait
from bentos.turns import LineFull, Turns
from components.access.tenants import local_id
from components.adapters.slots.demo_faults import DemoFaults
from components.adapters.slots.redis_takings import RedisTakings
from components.adapters.store.traffic.rows import request_row
from components.adapters.store.write_queue import WriteQueue
from components.serving.answer import Answer, UnknownItem
from components.serving.chat_request import ChatRequest, ExplainRequest
from components.serving.item_filters import BadFilter
from components.serving.onboarding_request import OnboardingRequest
from components.serving.request_path import RequestPath
from components.serving.requests import (
    BreakdownRequest,
    ForgetRequest,
    KeepRequest,
    PrefetchRequest,
    RecommendRequest,
    SearchRequest,
    SimilarRequest,
)
from components.serving.variants import Variants
from monitoring.cache_metrics import CacheMetrics
from monitoring.request_metrics import OTHER, RequestMetrics

logger = logging.getLogger("recops.service")

PROBE_HEADER = b"x-recops-probe"
"""Smoke tests send it, the gateway strips it from clients: answers are not logged, and come from the trained state
alone, so that they equal the offline ones whatever the users have done since. Its value names the variant that answers;
the control does where there is none of this name."""
CANARY_HEADER = b"x-recops-canary"
"""The gateway sends it, with the id of the release on trial, and strips it from clients."""
SHED = frozenset({"/recommend", "/search", "/chat", "/explain", "/similar", "/prefetch"})
"""What is not begun where it would be answered too late; feedback is taken all the same."""
Reply = tuple[int, bytes, Callable[[], None] | None]
"""Status, body, and what is left to do once they are sent."""
JSON = b"application/json"
CHAT_PARTS = ("understood", "items", "reply", "state")

_SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}").fullmatch


@dataclass(frozen=True, slots=True)
class Marks:
    """What our own gateway and tests say of a request: the value of the probe's header, and the release on trial.

    Attributes:
        start: when the request came, of `perf_counter`.
        caller: who asks.
    """

    probe: str | None
    canary: str
    start: float
    caller: Caller


class RecopsApp:
    """Answers HTTP requests; one per process.

    Args:
        now: seconds since 1970, for rows of the event store.
        perf_counter: seconds, for durations.
        faults: what to get wrong on purpose; None outside the demo.
        log_impressions: keep of each item shown where it came from, its score and its propensity.
        description: the answer to `GET /release`.
        gauge: says when answers have to be cheap; by default how late the event loop is.
    """

    def __init__(
        self,
        variants: Variants,
        queue: WriteQueue,
        answers: Answers,
        prefetch: Prefetch,
        intake: FeedbackIntake,
        door: Door,
        metrics: RequestMetrics,
        cache_metrics: CacheMetrics,
        conversations: Conversations,
        newcomers: Newcomers,
        description: Mapping[str, Any],
        now: Callable[[], float],
        perf_counter: Callable[[], float],
        faults: DemoFaults | None = None,
        log_impressions: bool = True,
        models: LanguageModels | None = None,
        takings: RedisTakings | None = None,
        gauge: LoadGauge | None = None,
    ) -> None:
        self._variants = variants
        self._queue = queue
        self._answers = answers
        self._prefetch = prefetch
        self._intake = intake
        self._door = door
        self._metrics = metrics
        self._cache_metrics = cache_metrics
        self._models = models
        self._takings = takings
        self._conversations = conversations
        self._newcomers = newcomers
        self._gauge = gauge or LoadGauge(perf_counter)
        self._turns = Turns()
        self._description = orjson.dumps(dict(description))
        self._now = now
        self._perf_counter = perf_counter
        self._log_impressions = log_impressions
        self._damage = None if faults is None else FaultInjection(faults, variants.control.bundle.user_ids)
        self._posts: dict[str, Callable[[bytes, str, Marks], Awaitable[Reply]]] = {
            "/recommend": self._recommend,
            "/similar": self._similar,
            "/search": self._search,
            "/chat": self._chat,
            "/explain": self._explain,
            "/onboarding": self._onboarding,
            "/feedback": self._feedback,
            "/prefetch": self._warm,
            "/forget": self._forget,
            "/keep": self._keep,
            "/breakdown": self._break_down,
        }
        self._gets: dict[str, Callable[[], tuple[bytes, bytes]]] = {
            "/release": lambda: (JSON, self._description),
            "/openapi.json": lambda: (JSON, orjson.dumps(openapi(str(description["release"])))),
            "/metrics": lambda: (metrics.content_type.encode(), metrics.page()),
            "/livez": lambda: (b"text/plain", b"alive\n"),
            "/readyz": lambda: (b"text/plain", b"ready\n"),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection: a request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def start(self) -> None:
        """Starts the processes that belong to it; it answers without them as well."""
        self._answers.start()

    def close(self) -> None:
        """Writes what waits to be written; nothing can be stored afterwards."""
        self._prefetch.close()
        self._door.close()
        self._queue.close()
        self._answers.close()
        self._conversations.close()
        if self._models is not None:
            self._models.close()
        if self._takings is not None:
            self._takings.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._answers.aclose()
        if self._models is not None:
            await self._models.aclose()
        self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = self._perf_counter()
        path: str = scope["path"]
        headers = dict(scope["headers"])
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if _SANE_ID(given) else uuid.uuid4().hex
        content_type = JSON
        extra: tuple[tuple[bytes, bytes], ...] = ()
        afterwards = None
        try:
            post = self._posts.get(path)
            if post is not None and scope["method"] == "POST":
                probe = headers[PROBE_HEADER].decode("latin-1") if PROBE_HEADER in headers else None
                caller = self._door.admit(path, headers, scope, probe is not None)
                if caller.is_guest:  # nobody else's row is kept from the log by an id that was named first
                    request_id = uuid.uuid4().hex
                self._gauge.look()
                if probe is None and path in SHED and self._gauge.load == "full":
                    raise _overloaded()
                marks = Marks(probe, headers.get(CANARY_HEADER, b"").decode("latin-1"), start, caller)
                async with self._turns.of(caller.line):
                    content = await read_json_body(headers, receive)
                    if probe is None:  # the stack itself may say more at once
                        check_size(content)
                    status, body, afterwards = await post(content, request_id, marks)
                if path == "/chat" and wants_events(headers):
                    content_type, body = EVENT_STREAM, as_events(orjson.loads(body), CHAT_PARTS)
            else:
                self._door.admit(path, headers, scope, PROBE_HEADER in headers)
                status, (content_type, body) = 200, self._get(path, scope["method"])
        except HttpError as error:
            status, body, extra = error.status, error.body(), tuple(error.headers)
        except LineFull:
            refused = _line_full()
            status, body, extra = refused.status, refused.body(), tuple(refused.headers)
        except ClientGone:
            return
        except Exception:
            logger.exception("request %s to %s failed", request_id, path)
            status, body = 500, HttpError(500, "internal_error", f"request {request_id} failed; see the log").body()
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", content_type),
                    (b"content-length", str(len(body)).encode()),
                    (b"x-request-id", request_id.encode()),
                    *extra,
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})
        if afterwards is not None:
            afterwards()
        known = path in self._posts or path in self._gets
        self._metrics.answered(path if known else OTHER, status, self._perf_counter() - start)

    def _get(self, path: str, method: str) -> tuple[bytes, bytes]:
        """Content type and body of a page; the error, if the path or the method is wrong."""
        get = self._gets.get(path)
        if get is not None and method in ("GET", "HEAD"):
            return get()
        allowed = "GET, HEAD" if get is not None else "POST" if path in self._posts else None
        if allowed is None:
            raise HttpError(404, "not_found", f"there is nothing at {path[:200]}")
        text = f"{path} answers to {allowed}, not to {method[:20]}"
        raise HttpError(405, "method_not_allowed", text, headers=[(b"allow", allowed.encode())])

    async def _recommend(self, body: bytes, request_id: str, marks: Marks) -> Reply:
        request = parse_body(RecommendRequest, body, marks.caller.tenant)
        marks.caller.check_user(request.user_id)
        if request.profile is not None and not marks.caller.trusted:  # nobody says of themselves that they are premium
            request = request.model_copy(update={"profile": request.profile.model_copy(update={"tier": None})})
        asked_by, probe = request.user_id, marks.probe
        paths = self._variants.paths_of(asked_by) if probe is None else (self._variants.named(probe),)
        path = paths[0]
        if self._damage is not None and probe is None:
            request = await self._damage.on_request(request)
        for each in paths:
            refuse_domain(each.domain_fault(request.domain))
            if fault := each.fault(request.filters):
                raise refuse_filter(fault)
        answer, source = await self._answer_in_time(paths, request, request_id, marks)
        if request.user_id != asked_by:
            request, answer = request.model_copy(update={"user_id": asked_by}), replace(answer, user_id=asked_by)
        guest = marks.caller.is_guest  # who takes part in no experiment
        if not guest and (experiments := self._variants.experiments_of(answer)) is not None:
            answer = replace(answer, experiments=experiments)
        if marks.canary == answer.release:  # another one's where this release stands in for it
            answer = replace(answer, canary=True)

        def log() -> None:
            if probe is None:
                now = self._now()
                # With what no timing inside of the request path can see, such as a busy event loop.
                timings = {**answer.timings_ms, "service": round((self._perf_counter() - marks.start) * 1000, 3)}
                logged = replace(answer, timings_ms=timings)
                row = request_row(request, logged, path.bundle.items.ids, now, self._log_impressions)
                self._queue.log_request(row)
            self._metrics.recommended(answer.route, answer.timings_ms)
            self._cache_metrics.answered(source)

        return 200, orjson.dumps(answer.body() | {"user_id": local_id(asked_by)}), log

    async def _answer_in_time(
        self, paths: Sequence[RequestPath], request: RecommendRequest, request_id: str, marks: Marks
    ) -> tuple[Answer, Source]:
        """The answer, or a cheap one where too much waits and the request asks for nothing that it could go against."""
        path, payer, hurried = paths[0], marks.caller.payer, marks.probe is None and request.is_plain
        if hurried and self._gauge.load != "free":
            return await self._answers.cheap(paths, request, request_id)
        try:
            if len(paths) > 1:
                return await self._answers.draft(paths, request, request_id, payer, self._variants.salt, hurried)
            return await self._answers.recommend(path, request, request_id, marks.probe is not None, payer, hurried)
        except RankingsWait as error:
            if hurried:
                return await self._answers.cheap(paths, request, request_id)
            raise _overloaded() from error

    async def _similar(self, body: bytes, request_id: str, _marks: Marks) -> Reply:
        request = parse_body(SimilarRequest, body, None)
        answer = self._answers.similar(self._variants.control, request, request_id)
        if isinstance(answer, UnknownItem):
            raise HttpError(404, "unknown_item", f"item_id: there is no item {answer.item_id!r}", "item_id")
        return 200, orjson.dumps(answer), None

    async def _search(self, body: bytes, request_id: str, marks: Marks) -> Reply:
        request = parse_body(SearchRequest, body, marks.caller.tenant)
        marks.caller.check_user(request.user_id)
        path = self._variants.path_of(request.user_id)
        refuse_domain(path.domain_fault(request.domain))
        answer = await self._answers.search(path, request, request_id, marks.probe is not None, marks.caller.payer)
        if isinstance(answer, BadFilter):
            raise refuse_filter(answer)
        return 200, orjson.dumps(answer), None

    async def _chat(self, body: bytes, request_id: str, marks: Marks) -> Reply:
        request = parse_body(ChatRequest, body, marks.caller.tenant)
        probe = marks.probe is not None
        answer = await self._conversations.answer(request, request_id, marks.caller, self._variants.path_of, probe)
        return 200, orjson.dumps(answer), None

    async def _explain(self, body: bytes, request_id: str, marks: Marks) -> Reply:
        request = parse_body(ExplainRequest, body, marks.caller.tenant)
        marks.caller.check_user(request.user_id)
        path = self._variants.path_of(request.user_id)
        answer = await self._conversations.explain(request, request_id, path, marks.probe is not None)
        if isinstance(answer, UnknownItem):
            raise HttpError(404, "unknown_item", f"item_id: there is no item {answer.item_id!r}", "item_id")
        return 200, orjson.dumps(answer), None

    async def _onboarding(self, body: bytes, request_id: str, marks: Marks) -> Reply:
        request = parse_body(OnboardingRequest, body, marks.caller.tenant)
        marks.caller.check_user(request.user_id)
        path = self._variants.path_of(request.user_id)
        answer = await self._newcomers.answer(request, request_id, marks.caller, path, marks.probe is not None)
        return 200, orjson.dumps(replace(answer, user_id=local_id(answer.user_id))), None

    async def _warm(self, body: bytes, _request_id: str, marks: Marks) -> Reply:
        """202 at once; the answers are made, and kept, in the background."""
        requests = parse_body(PrefetchRequest, body, marks.caller.tenant).all_requests()
        for place, request in enumerate(requests):
            for path in self._variants.paths_of(request.user_id):
                refuse_domain(path.domain_fault(request.domain), f"requests[{place}].domain")
                if fault := path.fault(request.filters):
                    raise refuse_filter(fault, f"requests[{place}].filters")
        self._door.charge_prefetch(marks.caller, len(requests))
        try:
            self._prefetch.add(requests, marks.caller.payer)
        except PrefetchFull as error:
            raise HttpError(503, "busy", f"{error}; ask again later", headers=retry_after(1)) from error
        return 202, orjson.dumps({"accepted": len(requests)}), None

    async def _forget(self, body: bytes, _request_id: str, marks: Marks) -> Reply:
        """Drops what is kept for a user; only for the stack itself, as a client has no business with other users."""
        request = parse_body(ForgetRequest, body, None) if marks.probe is not None else nothing_at("/forget")
        return 200, orjson.dumps({"forgotten": self._answers.forget(request.user_id)}), None

    async def _break_down(self, body: bytes, _request_id: str, marks: Marks) -> Reply:
        """What stands behind places of a ranking; only for the stack itself, as it names what others like."""
        request = parse_body(BreakdownRequest, body, None) if marks.probe is not None else nothing_at("/breakdown")
        found = await self._answers.break_down(self._variants.path_of(request.user_id), request)
        return 200, orjson.dumps(found, option=orjson.OPT_SERIALIZE_DATACLASS), None

    async def _keep(self, body: bytes, _request_id: str, marks: Marks) -> Reply:
        """Keeps answers that a batch has made; only for the stack itself."""
        request = parse_body(KeepRequest, body, None) if marks.probe is not None else nothing_at("/keep")
        return 200, orjson.dumps({"kept": self._answers.keep(request)}), None

    async def _feedback(self, body: bytes, request_id: str, marks: Marks) -> Reply:
        """202 once every good event of the post is durable."""
        return 202, orjson.dumps(await self._intake.take(body, request_id, marks.caller)), None


def _line_full() -> HttpError:
    text = "more requests wait for those before them than one may have"
    return HttpError(429, "too_many_requests", text, headers=retry_after(1))


def _overloaded() -> HttpError:
    text = "more ask at once than can be answered in time; ask again later"
    return HttpError(503, "overloaded", text, headers=retry_after(1))
