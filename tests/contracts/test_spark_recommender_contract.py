"""What Spark trains keeps to what every recommender keeps to."""

from __future__ import annotations

from typing import Any

import pytest

from components.adapters.spark.als import SparkAls, SparkAlsConfig
from components.adapters.spark.item_to_item import SparkItemToItem
from components.recommenders.item_to_item import ItemToItemConfig
from tests.contracts.test_recommender_contract import (  # noqa: F401 the fixtures and laws of every recommender
    data,
    fitted,
    test_a_shorter_list_is_the_start_of_a_longer_one,
    test_a_user_without_history_gets_a_full_list,
    test_excluded_items_never_come_up,
    test_more_than_the_catalogue_gives_the_catalogue,
    test_nothing_to_learn_from_is_refused,
    test_one_user_and_one_item_are_enough,
    test_scores_have_one_row_per_user_and_one_column_per_item,
    test_the_same_data_and_seed_give_the_same_scores,
    test_the_saved_bytes_depend_on_the_contents_alone,
    test_the_saved_form_scores_the_same,
    test_the_top_is_the_order_of_the_scores_with_ties_by_row,
    test_the_training_data_is_unchanged,
    test_with_everything_excluded_the_list_is_empty,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(params=["item_to_item", "als"])
def recommender(request: pytest.FixtureRequest, spark: Any) -> SparkItemToItem | SparkAls:
    if request.param == "item_to_item":
        return SparkItemToItem(ItemToItemConfig(), spark)
    return SparkAls(SparkAlsConfig(dimensions=4, iterations=3, blocks=2), spark)
