"""What users get while a language model misbehaves: the whole app over a scripted Messages API on loopback.

Run it with `python -m benchmarks.llm_failures [--full] [--json]`. Each way of failing is asked about `ROUNDS` times at
the default time budget; then 2,000 requests (400 without `--full`) with 30 % of the calls failing, in outages and
scattered. The server runs in a thread of the same process, so the figures hold its time too.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.report import Report, Row, report_main
from bentos.asgi_app import RecopsApp
from bentos.served_release import BUNDLE, ServedRelease, ServedVariant
from bentos.wiring import build_app
from components.adapters.files.params_file import read_params
from components.adapters.store.engine import migrate
from components.config.llm import Breaker, LlmConfig
from components.config.settings import Settings
from components.params.params import Params
from tests.asgi_client import send
from tests.messages_server import Behaviour, Body, MessagesServer, Reset, Says, Script, Status, messages_server
from tests.worlds import make_bundle

ROOT = Path(__file__).parents[1]
ROUNDS = 5
SLACK_MS = 50.0
BEHAVIOURS: dict[str, Behaviour] = {
    "200 ms": Says(delay=0.2),
    "5 s": Says(delay=5.0),
    "429, retry-after 30 s": Status(429, {"retry-after": "30"}),
    "429, retry-after 0 s": Status(429, {"retry-after": "0"}),
    "500": Status(500),
    "529": Status(529),
    "reset in mid-body": Reset(),
    "malformed JSON": Body(b'{"id": "msg_1", "content": [{"type": "te'),
    "refusal": Says("I would rather not.", stop="refusal"),
    "max_tokens, order cut off": Says('{"order": [4, 2, 7', stop="max_tokens"),
    "max_tokens, no order": Says("Let me think about", stop="max_tokens"),
    "made-up ids": Says('{"order": [99, 55, 3, -2, 1], "reasons": []}'),
    "duplicates": Says('{"order": [3, 3, 3, 1, 1], "reasons": []}'),
    "1 MB reply": Says("y" * 1_000_000),
}


def run(full: bool) -> Report:
    """The table of failures, and a line about the long run."""
    params = read_params(ROOT / "params.yaml")
    rows = [_row(params, name, behaviour) for name, behaviour in BEHAVIOURS.items()]
    notes = asyncio.run(_long_run(params, 2_000 if full else 400))
    budget = params.llm.tiers[0].timeout_ms
    return Report(f"Language model misbehaving, budget {budget} ms", rows, tuple(notes))


def _row(params: Params, name: str, behaviour: Behaviour) -> Row:
    async def ask(app: RecopsApp, server: MessagesServer) -> Row:
        await _one(app, "warm-up")
        asked = len(server.requests)
        answers = [await _one(app, f"user-{number}") for number in range(ROUNDS)]
        slowest = max(milliseconds for _, milliseconds in answers)
        budget = params.llm.tiers[0].timeout_ms
        for answer, _ in answers:
            assert len({item["item_id"] for item in answer["items"]}) == 10
        return {
            "server": name,
            "items": min(len(answer["items"]) for answer, _ in answers),
            "route": "/".join(sorted({answer["route"] for answer, _ in answers})),
            "fallback_reason": "/".join(sorted({str(answer["fallback_reason"]) for answer, _ in answers})),
            "calls": (len(server.requests) - asked) / ROUNDS,
            "slowest_ms": slowest,
            "within": "yes" if slowest <= budget + SLACK_MS else "NO",
            "counters": await _counters(app),
        }

    llm = params.llm.model_copy(update={"breaker": Breaker(failures=1_000)})
    return asyncio.run(_with_app(params, llm, lambda _body, _n: behaviour, ask))


async def _counters(app: RecopsApp) -> str:
    """The samples about the model that have moved, without what is usual."""
    page = (await send(app, "GET", "/metrics")).body.decode()
    found = []
    for line in page.splitlines():
        name, _, value = line.rpartition(" ")
        if name.startswith(("recops_llm_calls_total{", "recops_llm_repairs_total{")) and float(value):
            kind = name.partition('outcome="')[2] or name.partition('kind="')[2]
            found.append(f"{kind.partition(chr(34))[0]} {float(value):.0f}")
    return ", ".join(found)


async def _long_run(params: Params, requests: int) -> list[str]:
    """Failures come scattered (10 %) and in outages in which every call fails, 30 % of the calls in all."""
    chance = random.Random(0)  # noqa: S311 - no secret
    kinds = [Status(500), Status(529), Reset(), Body(b"{"), Status(429, {"retry-after": "9"}), Says(delay=2.0)]
    served: Counter[str] = Counter()

    def script(_body: dict[str, Any], n: int) -> Behaviour:
        outage = n % 45 < 10
        fails = outage or chance.random() < 0.1
        served["failing" if fails else "good"] += 1
        return chance.choice(kinds[:3] if outage else kinds) if fails else Says()

    async def ask(app: RecopsApp, _server: MessagesServer) -> list[str]:
        places = asyncio.Semaphore(4)
        fates: Counter[str] = Counter()
        slowest = 0.0
        failed = 0

        async def one(number: int) -> None:
            nonlocal slowest, failed
            async with places:
                try:
                    answer, milliseconds = await _one(app, f"user-{number}")
                except Exception:
                    failed += 1
                    return
                if len(answer["items"]) != 10:
                    failed += 1
                fates[str(answer["fallback_reason"] or answer["route"]).rpartition("llm: ")[2]] += 1
                slowest = max(slowest, milliseconds)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(one(number) for number in range(requests)))
        page = (await send(app, "GET", "/metrics")).body.decode()
        changes = [line for line in page.splitlines() if line.startswith("recops_llm_breaker_changes_total")]
        state = next(line for line in page.splitlines() if line.startswith("recops_llm_breaker_state"))
        share = served["failing"] / max(sum(served.values()), 1)
        return [
            f"{requests} requests, {sum(served.values())} calls, {share:.0%} of them failing: {failed} failed answers, "
            f"slowest {slowest:.0f} ms; fates {dict(fates.most_common())}",
            *changes,
            state,
        ]

    llm = params.llm.model_copy(update={"breaker": Breaker(failures=5, open_seconds=0.5)})
    return await _with_app(params, llm, script, ask)


async def _one(app: RecopsApp, user_id: str) -> tuple[Any, float]:
    body = {"user_id": user_id, "profile": {"text": "comedy"}}
    start = time.perf_counter()
    reply = await send(app, "POST", "/recommend", body)
    milliseconds = (time.perf_counter() - start) * 1000
    assert reply.status == 200, reply.body
    return reply.json, milliseconds


async def _with_app(params: Params, llm: LlmConfig, script: Script, ask: Any) -> Any:
    with tempfile.TemporaryDirectory() as scratch, messages_server(script) as server:
        folder = Path(scratch)
        settings = Settings(home=folder / "home", slot="blue")
        make_bundle(folder / BUNDLE)
        tiers = [tier.model_copy(update={"base_url": server.url}) for tier in llm.tiers]
        variant = ServedVariant(
            routing=params.routing,
            llm=llm.model_copy(update={"tiers": [tiers[0].model_copy(update={"share": 100.0})]}),
            prompt_version=1,
            prompt=(ROOT / "prompts" / "recops-rerank.md").read_text(),
        )
        ServedRelease(release_id="release-1", variants=(variant,)).write(folder)
        migrate(settings.store_url)
        app = build_app(settings, folder)
        try:
            return await ask(app, server)
        finally:
            if app._models is not None:
                await app._models.aclose()
            app.close()


if __name__ == "__main__":
    report_main(__doc__, run)
