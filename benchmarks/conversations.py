"""Prints the conversations of docs/conversations.md, as the demo's films answer: `python -m benchmarks.conversations`.

The films, users and ranking are those of benchmarks/words.py.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.words import World
from components.conversation.dialogue import take_turn
from components.conversation.state import Conversation

K = 4
CONVERSATIONS: tuple[tuple[str, str | None, tuple[str, ...]], ...] = (
    (
        "A stranger narrows a wish down",
        None,
        ("comedies from the 90s", "shorter", "not that one", "why the third?", "something for the kids instead"),
    ),
    (
        "More like one of them",
        None,
        (
            "sci-fi, no horror",
            "I've seen the first",
            "more like the third but shorter",
            "something newer",
            "start over",
        ),
    ),
    (
        "Somebody who is known",
        "1",
        ("hello", "a French romance, not too long", "never mind the country", "zxqv blorptastic", "why the second?"),
    ),
)


def transcript(world: World, user_id: str | None, messages: tuple[str, ...]) -> Iterator[str]:
    """A conversation as lines of Markdown."""
    talk, state = world.path.talk(user_id), Conversation()
    for message in messages:
        turn = take_turn(state, message, talk, K)
        state = turn.state
        yield f"**{message}**  \n{turn.reply}"
        for item in turn.found.items if turn.found else ():
            yield f"{item.rank}. {item.title}: {item.explanation}"
        yield ""


def main() -> None:
    """All three."""
    world = World()
    for title, user_id, messages in CONVERSATIONS:
        print(f"## {title}\n")
        print("\n".join(line for line in transcript(world, user_id, messages)))


if __name__ == "__main__":
    main()
