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
    ],
)  # fmt: skip
def test_what_stands_before_the_host_is_left_out(text: str, shown: str) -> None:
    assert without_userinfo(text) == shown


@pytest.mark.parametrize(
    "text", ["https://host/a@b", "git@host:a.git", "/home/me@work/registry", "s3://bucket/a@b", "me@host.org wrote"]
)
def test_what_holds_no_password_stays(text: str) -> None:
    assert without_userinfo(text) == text
