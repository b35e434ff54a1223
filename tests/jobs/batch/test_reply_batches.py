"""Every request is asked and paid for once, whenever a run is killed and whatever the API loses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from components.adapters.llm.batch_journal import BatchJournal, Reserved, Submission
from components.adapters.llm.claude_batches import BatchError, BatchUnanswered, ClaudeBatches, batch_parameters
from components.config.llm import Price, Tier
from components.reranking.calls import Failed, Reply
from components.reranking.prompt import parse_template, render
from components.reranking.task import ItemText, RerankTask
from components.reranking.verdict import read_order
from jobs.batch.reply_batches import Body, Gathered, Pace, custom_id_of, gather_replies
from tests.batches_server import BatchesServer, batches_server, fails

PROMPT = parse_template((Path(__file__).parents[3] / "prompts" / "recops-rerank.md").read_text())
TIER = Tier(name="cheap", model="claude-haiku-5-5", share=100, timeout_ms=500, max_tokens=100, candidates=20)
PRICE = Price(model="claude-haiku-5-5", input=0.1, output=0.5, cache_read=0.01, cache_write=0.125)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Clock:
    """Time that passes by sleeping; the process is killed when it has slept `lives` times."""

    time: float = 1_000_000.0
    lives: int = 100

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.lives -= 1
        if self.lives < 0:
            raise Killed
        self.time += seconds


@dataclass
class Purse:
    """Money for so many requests, at a dollar each."""

    left: int = 1_000
    settled: list[tuple[float, int]] = field(default_factory=list)

    def reserve(self, part: Mapping[str, Body]) -> Reserved | None:
        if len(part) > self.left:
            return None
        self.left -= len(part)
        return Reserved(float(len(part)), "2026-11-25")

    def settle(self, submission: Submission, answers: Sequence[tuple[str, Reply | Failed]]) -> None:
        self.settled.append((submission.reserved.usd, sum(isinstance(each, Reply) for _, each in answers)))


@pytest.fixture
def server() -> Iterator[BatchesServer]:
    with batches_server() as server:
        yield server


def bodies(n: int) -> dict[str, Body]:
    """Requests that differ in what the person says."""
    films = tuple(ItemText(f"Film {number}", "Drama") for number in range(1, 4))
    made = [
        batch_parameters(TIER, PRICE, render(PROMPT, RerankTask(films, k=2, profile=f"likes {place}"), range(3)), "")
        for place in range(n)
    ]
    return {custom_id_of(body): body for body in made}


def run(
    server: BatchesServer,
    file: Path,
    requests: Mapping[str, Body],
    clock: Clock | None = None,
    purse: Purse | None = None,
) -> Gathered:
    """A run of a process of its own: all it knows of earlier ones is in the journal."""
    clock = clock or Clock()
    batches = ClaudeBatches(server.url, SecretStr("sk-planted-key"))
    pace = Pace(clock.now, clock.sleep, poll_seconds=10.0, patience_seconds=100.0)
    try:
        return gather_replies(requests, batches, BatchJournal(file), pace, purse or Purse(), lambda _: None)
    finally:
        batches.close()


def asked(server: BatchesServer) -> list[str]:
    return sorted(request["custom_id"] for request in server.requests)


def test_replies_come_back_by_custom_id_in_whatever_order(server: BatchesServer, tmp_path: Path) -> None:
    requests = bodies(3)
    gathered = run(server, tmp_path / "j", requests)
    assert asked(server) == sorted(requests)
    assert (set(gathered.replies), gathered.waiting, gathered.unasked) == (set(requests), 0, 0)
    prompt = render(PROMPT, RerankTask((ItemText("a", ""),) * 3, k=2), range(3))
    orders = [read_order(reply, prompt, 2) for reply in gathered.replies.values()]
    assert [getattr(order, "order", None) for order in orders] == [(2, 1, 0)] * 3
    assert all(reply.usage.input > 0 and reply.usage.output > 0 for reply in gathered.replies.values())


def test_what_was_answered_once_is_never_asked_again(server: BatchesServer, tmp_path: Path) -> None:
    first = run(server, tmp_path / "j", bodies(2))
    again = run(server, tmp_path / "j", bodies(3))
    assert asked(server) == sorted(bodies(3))
    assert again.replies.items() >= first.replies.items()


def test_a_run_killed_while_it_waits_is_resumed_without_asking_again(server: BatchesServer, tmp_path: Path) -> None:
    server.polls = 5
    with pytest.raises(Killed):
        run(server, tmp_path / "j", bodies(2), Clock(lives=1))
    gathered = run(server, tmp_path / "j", bodies(2))
    assert asked(server) == sorted(bodies(2))
    assert len(gathered.replies) == 2


def test_a_batch_whose_answer_was_lost_is_found_and_not_made_again(server: BatchesServer, tmp_path: Path) -> None:
    server.create = ["lost"]
    clock = Clock(time=0.0)
    gathered = run(server, tmp_path / "j", bodies(2), clock)
    assert asked(server) == sorted(bodies(2))
    assert len(gathered.replies) == 2


def test_a_run_killed_before_it_knew_its_batch_finds_it(server: BatchesServer, tmp_path: Path) -> None:
    server.create, server.polls = ["lost"], 5
    with pytest.raises(Killed):
        run(server, tmp_path / "j", bodies(2), Clock(lives=0))
    assert [each.batch_id for each in BatchJournal(tmp_path / "j").pending] == [None]
    assert len(run(server, tmp_path / "j", bodies(2)).replies) == 2
    assert asked(server) == sorted(bodies(2))


def test_a_submission_that_never_arrived_is_made_by_the_next_run(server: BatchesServer, tmp_path: Path) -> None:
    server.create = ["broken"]
    assert run(server, tmp_path / "j", bodies(2)).replies == {}
    assert len(run(server, tmp_path / "j", bodies(2)).replies) == 2
    assert asked(server) == sorted(bodies(2))


def test_batches_of_others_are_left_alone(server: BatchesServer, tmp_path: Path) -> None:
    strangers = bodies(4)
    run(server, tmp_path / "theirs", dict(list(strangers.items())[2:]))
    server.create = ["broken"]
    assert run(server, tmp_path / "j", bodies(2)).replies == {}
    assert len(run(server, tmp_path / "j", bodies(2)).replies) == 2


def test_a_refused_batch_is_an_error_and_can_be_tried_again(server: BatchesServer, tmp_path: Path) -> None:
    server.create = [400]
    with pytest.raises(BatchError, match="create a batch: the API answered 400") as caught:
        run(server, tmp_path / "j", bodies(2))
    assert not isinstance(caught.value, BatchUnanswered)
    assert BatchJournal(tmp_path / "j").pending == []
    assert len(run(server, tmp_path / "j", bodies(2)).replies) == 2


@pytest.mark.parametrize("kind", ["errored", "expired", "canceled"])
def test_requests_that_failed_cost_nothing_and_are_asked_by_the_next_run(
    server: BatchesServer, tmp_path: Path, kind: str
) -> None:
    whole, server.answer = server.answer, fails(kind)
    assert run(server, tmp_path / "j", bodies(1)) == Gathered({}, 0, 0)
    server.answer = whole
    assert len(run(server, tmp_path / "j", bodies(1)).replies) == 1


def test_a_batch_that_takes_longer_than_the_run_waits_is_left_to_the_next(
    server: BatchesServer, tmp_path: Path
) -> None:
    server.polls = 15
    assert run(server, tmp_path / "j", bodies(1)) == Gathered({}, 1, 0)
    assert len(run(server, tmp_path / "j", bodies(1)).replies) == 1
    assert len(server.batches) == 1


def test_nothing_is_asked_without_money(server: BatchesServer, tmp_path: Path) -> None:
    assert run(server, tmp_path / "j", bodies(3), purse=Purse(0)) == Gathered({}, 0, 3)
    assert server.batches == {}


def test_as_much_is_asked_as_the_money_suffices_for(server: BatchesServer, tmp_path: Path) -> None:
    gathered = run(server, tmp_path / "j", bodies(8), purse=Purse(5))
    assert (len(gathered.replies), gathered.unasked) == (5, 3)


def test_every_reservation_is_settled_once_also_by_a_later_run(server: BatchesServer, tmp_path: Path) -> None:
    server.polls = 15
    first, second = Purse(), Purse()
    run(server, tmp_path / "j", bodies(2), purse=first)
    run(server, tmp_path / "j", bodies(2), purse=second)
    assert (first.settled, second.settled) == ([], [(2.0, 2)])
    server.create = [400]
    with pytest.raises(BatchError):
        run(server, tmp_path / "j", bodies(3), purse=first)
    assert first.settled == [(1.0, 0)]


def test_a_journal_whose_last_line_was_cut_off_is_read_to_there(server: BatchesServer, tmp_path: Path) -> None:
    file = tmp_path / "j"
    run(server, file, bodies(2))
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    gathered = run(server, file, bodies(2))
    assert len(gathered.replies) == 2
    assert asked(server) == sorted(bodies(2))
    assert all(json.loads(line) for line in file.read_bytes().split(b"\n")[-2:] if line)


def test_equal_requests_have_one_name_and_different_ones_two() -> None:
    body: dict[str, Any] = {"model": "m", "max_tokens": 5}
    assert custom_id_of(body) == custom_id_of(dict(reversed(body.items())))
    assert custom_id_of(body) != custom_id_of({**body, "max_tokens": 6})
    assert len(custom_id_of(body)) <= 64


def test_the_key_is_sent_and_written_nowhere(server: BatchesServer, tmp_path: Path) -> None:
    gathered = run(server, tmp_path / "j", bodies(1))
    assert any("sk-planted-key" in str(each) for each in server.headers)
    assert "planted" not in (tmp_path / "j").read_text()
    assert all(isinstance(reply, Reply) for reply in gathered.replies.values())
