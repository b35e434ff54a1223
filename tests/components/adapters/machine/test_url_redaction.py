from __future__ import annotations

import pytest

from components.adapters.machine.url_redaction import without_userinfo


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:T0KEN@host/a.git", "https://host/a.git"),
        ("https://T0KEN@host:8443", "https://host:8443"),
        ("unable to access 'HTTPS://me:T0K@EN@host/a/': and ssh://me@b/c", "unable to access 'HTTPS://host/a/': and ssh://b/c"),
        ("webdavs://me:T0KEN@host/p@th", "webdavs://host/p@th"),
        ("postgresql://me:T0/KEN@host/db", "postgresql://host/db"),
        ("at postgresql://me:T0 KEN@host:5432/db, twice", "at postgresql://host:5432/db, twice"),
        ("https://host/a?x=1&token=T0KEN&y=2", "https://host/a?x=1&token=…&y=2"),
        ("https://host/a?sv=2&sig=T0%2FKEN 'b'", "https://host/a?sv=2&sig=… 'b'"),
        ("s3://b/a?X-Amz-Signature=T0KEN#c", "s3://b/a?X-Amz-Signature=…#c"),
    ],
)  # fmt: skip
def test_what_stands_before_the_host_is_left_out(text: str, shown: str) -> None:
    assert without_userinfo(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "https://host/a@b",
        "https://host:8443 or me@host",
        "https://host/a?page=2&order=id",
        "git@host:a.git",
        "/home/me@work/registry",
        "s3://bucket/a@b",
        "me@host.org wrote",
    ],
)
def test_what_holds_no_password_stays(text: str) -> None:
    assert without_userinfo(text) == text
