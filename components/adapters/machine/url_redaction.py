"""Takes names, passwords and tokens out of the URLs of a text, so that it can be shown, logged and committed."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"\b([a-z][a-z0-9+.-]{0,30}://)[^\s/]*@", re.IGNORECASE)
# A password that holds a slash or blanks, which a URL should have encoded: a name, a colon, and all up to a host.
_RAW_PASSWORD = re.compile(
    r"\b([a-z][a-z0-9+.-]{0,30}://)[^\s/@:'\"]{0,255}:(?!\d{1,5}\s)[^@\n'\"<>]{1,255}@(?=[\w\[])", re.IGNORECASE
)
_QUERY = re.compile(
    r"([?&;][\w.-]{0,40}?(?:token|sig|signature|key|secret|password|passwd|pwd|auth|credential|code|sas)[\w.-]{0,20}=)"
    r"[^&;#\s'\"<>]+",
    re.IGNORECASE,
)


def without_userinfo(text: str) -> str:
    """`text` with every `scheme://user:password@host` in it as `scheme://host`, and with … for secrets of its queries.

    A query's secret is the value of a name such as `token`, `sig` or `X-Amz-Signature`. The form `git@host:path`, which
    can hold no password, is no URL and stays. Where a port and an @ in a path look like a name and a password with a
    slash, they are taken for one.
    """
    text = _RAW_PASSWORD.sub(r"\1", _USERINFO.sub(r"\1", text))
    return _QUERY.sub(r"\1…", text)
