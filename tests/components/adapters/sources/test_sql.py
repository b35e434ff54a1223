from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from benchmarks.stated_params import stated
from components.adapters.sources.sql import SqlSource
from components.config.ingest import IngestConfig
from components.interactions.screening import screen
from components.interactions.source import SourceError, SourceUnavailableError

CONFIG = stated(IngestConfig, max_bad_share=0.01, min_value=0.5, max_value=5.0, implicit_value=5.0)


def shop(folder: Path) -> SecretStr:
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(
            """
            create table ratings (customer integer, product text, stars numeric, at timestamp, note text);
            insert into ratings values (1, 'a', 4.5, '2016-01-01 00:00:00', ''), (2, 'b', 3, '2016-01-02 00:00:00', ''),
                                       (null, 'b', 3, '2016-01-02 00:00:00', '');
            create table products (product text, title text, price numeric);
            insert into products values ('a', 'Apple', 1.25), ('b', 'Bread', null);
            """
        )
    return SecretStr(f"sqlite:///{path}")


MAPPING = {"customer": "user_id", "product": "item_id", "stars": "value", "at": "timestamp"}


def test_tables_of_a_database_are_read_like_files(tmp_path: Path) -> None:
    source = SqlSource(shop(tmp_path), {"interactions": "ratings", "items": "products"}, MAPPING)
    result = screen(source.read(), CONFIG)
    assert result.interactions[["user_id", "item_id", "value"]].to_numpy().tolist() == [
        ["1", "a", 4.5],
        ["2", "b", 3.0],
    ]
    assert str(result.interactions["timestamp"][1]) == "2016-01-02 00:00:00+00:00"
    assert result.items["price"].fillna(-1).tolist() == [1.25, -1]
    assert result.reasons_of("interactions") == {"null user_id": 1}


def test_a_schema_may_be_named(tmp_path: Path) -> None:
    tables = SqlSource(shop(tmp_path), {"interactions": "main.ratings"}, MAPPING).read()
    assert len(tables.interactions) == 3
    assert tables.origins == {"interactions": "SQL table main.ratings"}


def test_missing_tables_and_columns_are_named(tmp_path: Path) -> None:
    url = shop(tmp_path)
    with pytest.raises(SourceError, match=r"SQL table sales: there is no such table \(there are: products, ratings\)"):
        SqlSource(url, {"interactions": "sales"}, {}).read()
    with pytest.raises(SourceError, match=r"SQL table products: no column user_id.*price.*mapping="):
        SqlSource(url, {"interactions": "products"}, {}).read()


def test_without_a_url_the_error_names_the_setting() -> None:
    with pytest.raises(SourceError, match="RECOPS_SOURCE_SQL_URL"):
        SqlSource(None, {"interactions": "ratings"}, {}).read()


@pytest.mark.parametrize(
    "url", ["nonsense hunter2", "nosuch://me:hunter2@host/db", "postgresql+nosuch://me:hunter2@host/db"]
)
def test_an_unusable_url_is_an_error_without_the_password(url: str) -> None:
    with pytest.raises(SourceError, match="RECOPS_SOURCE_SQL_URL") as caught:
        SqlSource(SecretStr(url), {"interactions": "ratings"}, {}).read()
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_database_that_does_not_open_may_do_so_later(tmp_path: Path) -> None:
    url = SecretStr(f"sqlite:///{tmp_path}/no/such/folder.db")
    with pytest.raises(SourceUnavailableError, match="unable to open database file"):
        SqlSource(url, {"interactions": "ratings"}, {}).read()
