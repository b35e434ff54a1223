"""A folder in a bucket is read as one on a disk; the S3 server is SeaweedFS on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pandas as pd
import pytest
import s3fs

from components.adapters.sources.files import FileSource
from components.interactions.source import NothingNewError
from tests.free_ports import free_ports

pytestmark = pytest.mark.slow
KEY, SECRET = "key", "secret"
ROLES = ("master", "volume", "filer", "s3")


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("weed")
    owner = {"name": "t", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [owner]}))
    ports = free_ports(2 * len(ROLES))
    flags = [f"-{role}.port={port}" for role, port in zip(ROLES, ports, strict=False)]
    flags += [f"-{role}.port.grpc={port}" for role, port in zip(ROLES, ports[len(ROLES) :], strict=True)]
    command = [str(Path(sys.executable).parent / "weed"), "server", f"-dir={folder}", "-ip=127.0.0.1", "-s3"]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [*command, "-ip.bind=127.0.0.1", f"-s3.config={folder / 's3.json'}", *flags], stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{ports[ROLES.index('s3')]}"
    try:
        _await(address)
        yield address
    finally:
        server.terminate()
        server.wait()


def _await(address: str) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            if httpx.get(address).status_code < 500:
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, "the S3 server does not answer"
        time.sleep(0.2)


def test_a_bucket_is_a_folder_and_only_what_is_new_in_it_is_read_again(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "ENDPOINT_URL": endpoint,
        "ACCESS_KEY_ID": KEY,
        "SECRET_ACCESS_KEY": SECRET,
        "DEFAULT_REGION": "us-east-1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"AWS_{name}", value)
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
