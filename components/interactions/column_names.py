"""Knows what the world calls our columns and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from components.interactions import columns
from components.interactions.source import INTERACTIONS, ITEM_VECTORS, ITEMS, USERS

_USER = (
    "user_id user uid userid user_name username member member_id customer customer_id cust_id client client_id visitor "
    "visitor_id reviewer reviewer_id profile_id account account_id buyer_id shopper_id person_id player_id viewer_id "
    "listener_id subscriber_id steam_id author_steamid session session_id"
)
_ITEM = (
    "item_id item iid itemid movie movie_id product product_id sku asin parent_asin isbn stock_code book book_id "
    "article article_id artist_id track_id song_id album_id video_id game game_id app_id appid anime_id recipe_id "
    "business_id listing_id content_id news_id post_id article_no goods_id item_code product_code"
)
_VALUE = (
    "value rating ratings score stars star_rating overall weight book_rating user_rating review_rating play_count "
    "playcount plays listen_count count hours hours_played playtime"
)
_TIME = (
    "timestamp ts time date datetime date_time event_time event_timestamp created_at created updated_at "
    "unix_review_time review_time rated_at time_stamp invoice_date order_date purchase_date t_dat utc when occurred_at "
    "played_at watched_at unix_timestamp timestamp_utc"
)
_TYPE = "type event event_type behavior behaviour behavior_type behaviour_type action action_type interaction_type"
_TITLE = "title name movie_title book_title product_name item_name product_title track_name artist_name"
_DESCRIPTION = "description desc summary overview plot"
_CATEGORY = "category main_category category_name genre product_type product_group department"
_TAGS = "tags genres categories labels keywords"
_PRICE = "price unit_price unitprice list_price amount"

_IN_INTERACTIONS = {
    columns.USER: _USER,
    columns.ITEM: _ITEM,
    columns.VALUE: _VALUE,
    columns.TYPE: _TYPE,
    columns.TIMESTAMP: _TIME,
}
_OF_ITEMS = {
    columns.TITLE: _TITLE,
    columns.DESCRIPTION: _DESCRIPTION,
    columns.CATEGORY: _CATEGORY,
    columns.TAGS: _TAGS,
    columns.PRICE: _PRICE,
}
ALIASES: Mapping[str, Mapping[str, str]] = {
    INTERACTIONS: {**_IN_INTERACTIONS, **_OF_ITEMS},
    ITEMS: {columns.ITEM: f"{_ITEM} id", **_OF_ITEMS},
    USERS: {columns.USER: f"{_USER} id"},
    ITEM_VECTORS: {columns.ITEM: f"{_ITEM} id", columns.VECTOR: "vector embedding embeddings features emb"},
}
TABLE_NAMES: Mapping[str, str] = {
    INTERACTIONS: "interactions ratings events transactions orders reviews plays clicks purchases views logs invoices",
    ITEMS: "items movies products books films artists games tracks articles catalogue catalog metadata",
    USERS: "users customers members",
}
"""What files of a folder are called; the first name of each is ours."""


def bare_name(name: str) -> str:
    """A column's name without case, blanks, punctuation, and the type that RecBole writes after it
    (`user_id:token`)."""
    return re.sub(r"[^0-9a-z]", "", str(name).partition(":")[0].casefold())


def propose_names(names: Iterable[str], table: str, taken: Iterable[str] = ()) -> dict[str, str]:
    """For columns of `table` that have another name than ours, ours; `taken` are ours that the user has named.

    Where several columns could be the same, the one whose name stands first in ALIASES is.
    """
    there = [str(name) for name in names]
    by_bare: dict[str, str] = {}
    for name in there:
        by_bare.setdefault(bare_name(name), name)
    found: dict[str, str] = {}
    for ours, aliases in ALIASES[table].items():
        if ours in there or ours in taken:
            continue
        theirs = next((by_bare[bare_name(alias)] for alias in aliases.split() if bare_name(alias) in by_bare), None)
        if theirs is not None and theirs not in found:
            found[theirs] = ours
    return found


def is_known_name(name: str) -> bool:
    """Whether any table calls a column so."""
    return bare_name(name) in _EVERY_NAME


_EVERY_NAME = {bare_name(alias) for table in ALIASES.values() for names in table.values() for alias in names.split()}
