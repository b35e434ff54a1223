"""A folder in a bucket is read as one on a disk; the S3 server is SeaweedFS on loopback."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
import s3fs

from components.adapters.sources.files import FileSource
from components.interactions.source import NothingNewError
from tests.s3_server import S3Server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    server = S3Server(tmp_path_factory.mktemp("weed"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def test_a_bucket_is_a_folder_and_only_what_is_new_in_it_is_read_again(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    bucket = s3fs.S3FileSystem()
    bucket.mkdir("shop")
    day = pd.DataFrame({"user_id": ["u1", "u2"], "item_id": ["i1", "i2"], "timestamp": ["2026-01-31", "2026-01-31"]})
    bucket.pipe_file("shop/in/interactions-2026-01-31.csv", day.to_csv(index=False).encode())
    bucket.pipe_file("shop/in/items.csv", b"item_id,title\ni1,One\ni2,Two\n")
    read = FileSource("s3://shop/in", {}).read()
    assert len(read.interactions) == 2
    assert read.items is not None
    assert list(read.items["title"]) == ["One", "Two"]
    with pytest.raises(NothingNewError):
        FileSource("s3://shop/in", {}, read.feed).read()
    bucket.pipe_file("shop/in/interactions-2026-02-01.csv", day.head(1).to_csv(index=False).encode())
    assert len(FileSource("s3://shop/in", {}, read.feed).read().interactions) == 1
