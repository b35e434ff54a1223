"""Contents are kept for as long and as much as was said, and their bytes are counted."""

from __future__ import annotations

from components.serving.kept_bytes import KeptBytes


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_has_ended_is_not_given_and_takes_no_room_once_it_is_the_least_used() -> None:
    clock = Clock()
    kept = KeptBytes(100, clock)
    kept.keep("u", "short", b"12", 1.0)
    kept.keep("u", "long", b"345", 9.0)
    clock.now = 1.0
    assert (kept.get("u", "short"), kept.get("u", "long"), len(kept), kept.size) == (None, b"345", 1, 3)
    clock.now = 9.0
    kept.keep("v", "new", b"6", 1.0)
    assert (len(kept), kept.size) == (1, 1)


def test_a_content_takes_the_place_of_the_former_one_of_its_name() -> None:
    kept = KeptBytes(4, Clock())
    kept.keep("u", "a", b"123", 1.0)
    kept.keep("u", "a", b"4567", 1.0)
    assert (kept.get("u", "a"), len(kept), kept.size) == (b"4567", 1, 4)
    kept.keep("u", "a", b"45678", 1.0)
    assert kept.get("u", "a") == b"4567"


def test_all_of_one_user_go_and_those_of_others_stay() -> None:
    kept = KeptBytes(100, Clock())
    for user, name in (("u", "a"), ("v", "a"), ("u", "b")):
        kept.keep(user, name, b"1", 1.0)
    assert kept.drop_all_of("u") == 2
    assert (("v", "a") in kept, len(kept), kept.size) == (True, 1, 1)


def test_a_content_kept_for_no_time_is_gone_at_once() -> None:
    kept = KeptBytes(100, Clock())
    kept.keep("u", "a", b"1", 0.0)
    assert (kept.get("u", "a"), len(kept), kept.size) == (None, 0, 0)
