"""Content ranks by stated preferences, and by popularity among equals."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from components.recommenders.content import ContentConfig, FittedContent
from components.recommenders.protocol import TrainingData

NOTHING = np.empty(0, np.int32)
POSITIVES = csr_array(np.array([[1, 0, 0, 1, 1], [0, 0, 0, 1, 1], [0, 0, 0, 1, 0]], np.float32))
LABELS = (("sci-fi",), ("comedy", "sci-fi"), ("comedy",), ("drama",), ("sci-fi",))


def fitted() -> FittedContent:
    data = TrainingData(("a", "b", "c"), ("0", "1", "2", "3", "4"), POSITIVES, POSITIVES, LABELS)
    return ContentConfig().build().fit(data, seed=0)


def test_matching_items_come_first_and_the_more_popular_before_the_less() -> None:
    assert fitted().top_k_for({"Sci-Fi": 0.9}, 5, NOTHING).items.tolist() == [4, 0, 1, 3, 2]


def test_preferences_add_up() -> None:
    assert fitted().top_k_for({"sci-fi": 0.5, "comedy": 0.4}, 5, NOTHING).items.tolist() == [1, 4, 0, 2, 3]


def test_popularity_never_outweighs_a_preference() -> None:
    assert fitted().top_k_for({"comedy": 0.01}, 2, NOTHING).items.tolist() == [1, 2]


def test_a_negative_preference_pushes_down() -> None:
    assert set(fitted().top_k_for({"sci-fi": -1.0}, 2, NOTHING).items.tolist()) == {2, 3}


def test_case_and_blanks_do_not_matter() -> None:
    first, second = (fitted().top_k_for({label: 1.0}, 5, NOTHING) for label in ("  SCI-FI ", "sci-fi"))
    np.testing.assert_array_equal(first.scores, second.scores)


def test_unknown_preferences_leave_popularity() -> None:
    assert fitted().top_k_for({"opera": 1.0}, 5, NOTHING).items.tolist() == [3, 4, 0, 1, 2]


def test_excluded_items_never_come_up() -> None:
    assert fitted().top_k_for({"sci-fi": 1.0}, 5, np.array([4, 0])).items.tolist() == [1, 3, 2]


def test_similar_items_share_labels_and_leave_out_the_item_itself() -> None:
    assert fitted().similar(0, 4).items.tolist() == [4, 1, 3, 2]


def test_an_item_without_labels_is_similar_to_the_popular() -> None:
    data = TrainingData(("a", "b", "c"), ("0", "1", "2", "3", "4"), POSITIVES, POSITIVES, (*LABELS[:-1], ()))
    assert ContentConfig().build().fit(data, seed=0).similar(4, 2).items.tolist() == [3, 0]


def with_texts() -> FittedContent:
    texts = ("Alien sci-fi", "Spaceballs comedy sci-fi", "Airplane comedy", "Heat drama", "Solaris sci-fi ocean")
    data = TrainingData(("a", "b", "c"), ("0", "1", "2", "3", "4"), POSITIVES, POSITIVES, LABELS, texts)
    return ContentConfig().build().fit(data, seed=0)


def test_a_text_ranks_by_what_items_say_about_themselves() -> None:
    content = with_texts()
    assert content.top_k_for({}, 1, NOTHING, content.scores_for_text("an OCEAN planet")).items.tolist() == [4]


def test_a_text_that_no_item_answers_to_has_no_scores() -> None:
    assert with_texts().scores_for_text("opera") is None


def test_preferences_and_text_add_up() -> None:
    content = with_texts()
    ranking = content.top_k_for({"comedy": 0.5}, 2, NOTHING, content.scores_for_text("airplane"))
    assert ranking.items.tolist() == [2, 1]


def test_a_label_that_a_text_names_says_more_than_words_of_titles() -> None:
    content = with_texts()
    ranking = content.top_k_for({}, 2, NOTHING, content.scores_for_text("comedies? comedys, in an ocean"))
    assert set(ranking.items.tolist()) == {1, 2}


def test_a_label_of_several_words_is_named_by_all_of_them() -> None:
    scores = with_texts().scores_for_text("fi")
    assert scores is not None
    np.testing.assert_array_less(scores[[0, 4]], 1.01)
    both = with_texts().scores_for_text("fi sci heat")
    assert both is not None
    assert both[3] < both[[0, 1, 4]].min()


def test_without_texts_the_labels_are_the_text() -> None:
    scores = fitted().scores_for_text("drama")
    assert scores is not None
    assert np.flatnonzero(scores).tolist() == [3]


def test_a_label_of_two_words_is_named_by_both_of_them_alone() -> None:
    labels = (("science fiction",), ("comedy",), ("comedy",), ("drama",), ("drama",))
    texts = ("moon", "laughing", "joke", "tears", "sorrow")
    data = TrainingData(("a", "b", "c"), ("0", "1", "2", "3", "4"), POSITIVES, POSITIVES, labels, item_texts=texts)
    content = ContentConfig().build().fit(data, seed=0)
    assert content.scores_for_text("a book on science") is None
    named = content.scores_for_text("science and fiction")
    assert named is not None
    assert np.flatnonzero(named).tolist() == [0]
