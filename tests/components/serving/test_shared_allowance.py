"""What is taken from a purse in one process is missing from it in the others, once they have heard of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from components.serving.shared_allowance import SharedAllowance


class Room:
    """Processes that hear each other when they are next asked."""

    def __init__(self) -> None:
        self.mates: list[Mate] = []

    def enter(self) -> Mate:
        self.mates.append(Mate(self))
        return self.mates[-1]


class Mate:
    """`Takings` in this process."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.mail: dict[str, list[tuple[str, float]]] = defaultdict(list)

    def tell(self, limit: str, name: str, amount: float) -> None:
        for mate in self.room.mates:
            if mate is not self:
                mate.mail[limit].append((name, amount))

    def heard(self, limit: str) -> Sequence[tuple[str, float]]:
        return self.mail.pop(limit, ())


def test_two_processes_together_give_what_one_would() -> None:
    room = Room()
    purses = [SharedAllowance("users", room.enter(), per_second=1.0, burst=10) for _ in range(2)]
    given = sum(not purses[n % 2].take("ann", 1, now=0.0) for n in range(50))
    assert given == 10
    assert purses[0].take("ben", 1, now=0.0) == 0.0
    later = sum(not purses[n % 2].take("ann", 1, now=5.0) for n in range(50))
    assert later == 5


def test_what_was_refused_is_not_told_and_limits_of_other_kinds_are_apart() -> None:
    room = Room()
    users, others = (SharedAllowance("users", room.enter(), 1.0, 10) for _ in range(2))
    keys = SharedAllowance("keys", room.enter(), 1.0, 10)
    assert users.take("ann", 11, now=0.0) > 0
    assert others.take("ann", 10, now=0.0) == 0.0
    assert keys.take("ann", 10, now=0.0) == 0.0


def test_nobody_is_named_to_the_others() -> None:
    room = Room()
    users, mate = SharedAllowance("users", room.enter(), 1.0, 10), room.enter()
    users.take("ann@example.org", 1, now=0.0)
    assert "ann" not in str(mate.mail)
