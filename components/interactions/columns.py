"""Column names of the three tables of a data version, written once."""

from __future__ import annotations

USER = "user_id"
ITEM = "item_id"
VALUE = "value"
TYPE = "type"
TIMESTAMP = "timestamp"
INTERACTION_COLUMNS = (USER, ITEM, VALUE, TYPE, TIMESTAMP)

# Of the interactions of a data version: where each came from, which feedback of ours it is ("" for others), and the
# probability with which we had shown the item (NaN where we had not).
ORIGIN = "source"
EVENT = "event_id"
PROPENSITY = "propensity"

TITLE = "title"
DESCRIPTION = "description"
CATEGORY = "category"
TAGS = "tags"
PRICE = "price"
ITEM_COLUMNS = (ITEM, TITLE, DESCRIPTION, CATEGORY, TAGS, PRICE)
ATTRIBUTES = "attributes"
"""Of the items, everything else that a source says of them; see components.interactions.attributes."""

VECTOR = "vector"
"""Of the file of item vectors, a list of numbers."""

TAG_SEPARATOR = "|"
