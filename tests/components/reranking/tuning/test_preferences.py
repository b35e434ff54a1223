"""Users kept apart are apart whatever the order; titles are shuffled and nothing else."""

from __future__ import annotations

from components.reranking.tuning.preferences import ItemPreference, TitleShuffle, joined, keep_apart, titles_in
from tests.tiny_language_model import planted_world


def test_the_same_users_are_kept_apart_in_whatever_order_they_come() -> None:
    users = [f"u{n}" for n in range(50)]
    apart = keep_apart(users, 0.2, 3)
    assert len(apart) == 10
    assert apart < set(users)
    assert keep_apart(users[::-1] + users, 0.2, 3) == apart
    assert keep_apart(users, 0.2, 4) != apart
    assert len(keep_apart(["a", "b"], 0.01, 1)) == 1


def test_pairs_of_one_preferred_item_are_joined_and_of_other_requests_not() -> None:
    pairs = [
        ItemPreference("u", "r", "q", ("a", "b"), ("A", "B")),
        ItemPreference("u", "r", "q", ("a", "c"), ("A", "C")),
        ItemPreference("u", "r", "q", ("d", "b"), ("D", "B")),
        ItemPreference("u", "s", "q", ("a", "b"), ("A", "B")),
    ]
    assert [one.items for one in joined(pairs)] == [("a", "b", "c"), ("d", "b"), ("a", "b")]
    assert joined(pairs)[0].documents == ("A", "B", "C")


def test_an_item_with_shuffled_titles_bears_another_ones_throughout() -> None:
    pairs, lists = planted_world(5, seed=1)
    titles = titles_in([*pairs, *lists])
    shuffle = TitleShuffle("items", titles, 1)
    given = titles_in([shuffle.preference(one) for one in pairs])
    assert titles_in([shuffle.liked_list(one) for one in lists]).items() >= given.items()
    whole = titles_in([shuffle.liked_list(one) for one in lists])
    assert sorted(whole.values()) == sorted(titles.values())
    assert whole != titles


def test_each_mention_draws_another_title() -> None:
    same = ItemPreference("u", "r", "q", ("a", "b"), ("A|x|y", "B"))
    shuffle = TitleShuffle("mentions", {"a": "A", "b": "B", "c": "C"}, 1)
    found = {shuffle.preference(same).documents for _ in range(100)}
    assert found == {(f"{one}|x|y", other) for one in "ABC" for other in "ABC"}


def test_nothing_but_titles_changes_and_nothing_at_all_without_a_shuffle() -> None:
    pairs, lists = planted_world(3, seed=2)
    titles = titles_in(pairs)
    plain = TitleShuffle("none", titles, 1)
    assert [plain.preference(one) for one in pairs] == pairs
    assert [plain.liked_list(one) for one in lists] == lists
    changed = [TitleShuffle("items", titles, 1).preference(one) for one in pairs]
    assert [(one.user, one.request_id, one.query, one.items) for one in changed] == [
        (one.user, one.request_id, one.query, one.items) for one in pairs
    ]
    rest = [[document.split("|")[1:] for document in one.documents] for one in changed]
    assert rest == [[document.split("|")[1:] for document in one.documents] for one in pairs]
