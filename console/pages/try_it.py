"""Try it: ask as anybody, see what stands behind each place, like or dislike, and ask again; two releases side by side;
a conversation.

Without JavaScript every answer is a page; with it only the answer is put in place.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import desk_of, form_text, visitor_of
from console.render import page
from jobs.console.talk import Exchange, HeldTalk, talk
from jobs.console.try_out import TriedQuestion, ask, done_by, other_slot, read_helps, tell, titles_of
from jobs.errors import NothingThereError

MOODS = ("tired", "happy", "sad", "curious")
TIMES = ("morning", "afternoon", "evening", "night")
DEVICES = ("tv", "phone", "tablet", "laptop")
NOT_ALLOWED = "With keys on, asking needs an operator's key: sign in first."
LINES = 20
"""Of a conversation, which the page shows again."""


def show(request: Request) -> Response:
    """The form, for a user where one is named."""
    user = request.query_params.get("user", "")[:256]
    return _page(request, TriedQuestion(user), False, new=not user and not request.query_params.get("known"))


async def answer(request: Request) -> Response:
    """The answer to the form."""
    form = await request.form(max_fields=200)
    return await run_in_threadpool(_answer, request, form, None)


async def tell_and_ask(request: Request) -> Response:
    """Takes a like or dislike, and asks the same again."""
    form = await request.form(max_fields=200)
    return await run_in_threadpool(_tell, request, form)


async def chat(request: Request) -> Response:
    """Says something more; what was looked for before is what the conversation begins with."""
    form = await request.form(max_fields=200)
    return await run_in_threadpool(_chat, request, form)


def _chat(request: Request, form: FormData) -> Response:
    visitor, question, said = visitor_of(request), _question(form), form_text(form, "said")
    if not visitor.may_ask:
        return _page(request, question, False, status=403, note=("bad", NOT_ALLOWED))
    if not said:
        return _page(request, question, False, status=422, note=("bad", "Say something."))
    begun = form_text(form, "conversation_id", 64)
    messages = [*([question.query] if question.query and not begun else []), said]
    texts = ([str(each) for each in form.getlist(name)] for name in ("was_said", "was_replied"))
    before = [Exchange(*line) for line in zip(*texts, strict=False)][-LINES:]
    try:
        talked = talk(desk_of(request).bench, question.user_id, begun, messages, before, question.k, visitor.text)
    except NothingThereError as error:
        return _page(request, question, False, note=("bad", str(error)))
    return _page(request, question, False, talked=talked, new=False)


def _tell(request: Request, form: FormData) -> Response:
    if not visitor_of(request).may_ask:
        return _page(request, _question(form), False, status=403, note=("bad", NOT_ALLOWED))
    desk, like = desk_of(request), bool(form_text(form, "like"))
    item = form_text(form, "like") or form_text(form, "dislike")
    question, worth = _question(form), read_helps(desk.bench, desk.kept).like
    asked = form_text(form, "request_id")
    try:
        fault = tell(desk.bench, question.user_id, item, asked, like, worth, visitor_of(request).text)
    except NothingThereError as error:
        fault = str(error)
    title = titles_of(desk.bench, [item])[item]
    did = "liked" if like else "disliked"
    note = (
        ("bad", f"{title} was not noted: {fault}") if fault else ("good", f"You {did} {title}. This is the answer now.")
    )
    return _answer(request, form, note)


def _answer(request: Request, form: FormData, note: tuple[str, str] | None) -> Response:
    visitor, question, compare = visitor_of(request), _question(form), bool(form_text(form, "compare"))
    if not visitor.may_ask:
        return _page(request, question, compare, status=403, note=("bad", NOT_ALLOWED))
    before = {item: place for place, item in enumerate(form_text(form, "before", 30_000).split("\n"), 1) if item}
    try:
        heard = ask(desk_of(request).bench, question, compare, visitor.text)
    except NothingThereError as error:
        return _page(request, question, compare, note=("bad", str(error)))
    new = form_text(form, "who") == "new"
    return _page(request, question, compare, note=note, heard=heard, before=before, new=new)


def _page(
    request: Request,
    question: TriedQuestion,
    compare: bool,
    status: int = 200,
    note: tuple[str, str] | None = None,
    heard: Any = (),
    before: Mapping[str, int] | None = None,
    new: bool = True,
    talked: HeldTalk | None = None,
) -> Response:
    desk = desk_of(request)
    values: dict[str, Any] = {
        "question": question,
        "compare": compare,
        "note": note,
        "heard": heard,
        "before": before or {},
        "did": done_by(desk.bench, question.user_id) if heard else [],
        "new": new,
        "talk": talked,
    }
    if request.headers.get("hx-request"):
        part = "part_answer.html" if talked is None else "part_chat.html"
        return page(request, part, "try", status, **values)
    helps = read_helps(desk.bench, desk.kept)
    choices = {"moods": MOODS, "times": TIMES, "devices": DEVICES, "other": other_slot(desk.bench)}
    return page(request, "try.html", "try", status, helps=helps, **choices, **values)


def _question(form: FormData) -> TriedQuestion:
    user = form_text(form, "user_id", 256)
    if form_text(form, "who") == "new" and not user.startswith("console-"):
        user = f"console-{secrets.token_hex(4)}"
    k = form_text(form, "k", 3)
    preferences = {label[:128]: 1.0 for label in form.getlist("preference") if isinstance(label, str) and label.strip()}
    return TriedQuestion(
        user_id=user or "somebody",
        k=min(max(int(k), 1), 50) if k.isdecimal() else 10,
        query=form_text(form, "query"),
        text=form_text(form, "text", 4000),
        mood=form_text(form, "mood", 64),
        time_of_day=form_text(form, "time_of_day", 64),
        device=form_text(form, "device", 64),
        preferences=preferences,
    )


ROUTES = [
    Route("/console/try", show),
    Route("/console/try", answer, methods=["POST"]),
    Route("/console/try/chat", chat, methods=["POST"]),
    Route("/console/try/tell", tell_and_ask, methods=["POST"]),
]
