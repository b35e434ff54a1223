"""Reads the catalogue that is served off the prepared table of items."""

from __future__ import annotations

import math

import pandas as pd

from components.interactions.attribute_columns import attributes_of
from components.interactions.columns import CATEGORY, DESCRIPTION, ITEM, PRICE, TAG_SEPARATOR, TAGS, TITLE
from components.serving.catalogue import Catalogue


def catalogue(items: pd.DataFrame) -> Catalogue:
    """The items as the service shows them, in the order of the rows."""
    return Catalogue(
        ids=tuple(items[ITEM]),
        titles=tuple(items[TITLE]),
        categories=tuple(items[CATEGORY]),
        tags=tuple(tuple(filter(None, tags.split(TAG_SEPARATOR))) for tags in items[TAGS]),
        prices=tuple(None if math.isnan(price) else float(price) for price in items[PRICE]),
        descriptions=tuple(items[DESCRIPTION]),
        attributes=tuple(attributes_of(items)),
    )
