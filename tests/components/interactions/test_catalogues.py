"""Feedback belongs to the catalogue that was live when it came."""

from __future__ import annotations

import pandas as pd

from components.interactions.catalogues import LiveCatalogue, belongs

LIVE = [LiveCatalogue(10.0, "demo"), LiveCatalogue(20.0, "shop"), LiveCatalogue(30.0, None)]


def test_feedback_belongs_to_what_was_live_when_it_came() -> None:
    arrived = pd.Series([5.0, 10.0, 19.0, 20.0, 29.0, 35.0])
    assert belongs(arrived, LIVE, "shop").tolist() == [True, False, False, True, True, True]
    assert belongs(arrived, LIVE, "demo").tolist() == [True, True, True, False, False, True]


def test_before_anything_was_live_there_is_no_sign_of_another_catalogue() -> None:
    assert belongs(pd.Series([1.0, 2.0]), [], "shop").all()
