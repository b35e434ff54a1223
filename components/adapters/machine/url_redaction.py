"""Takes names, passwords and tokens out of the URLs of a text, so that it can be shown, logged and committed."""

from __future__ import annotations

import re

_USERINFO = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/]*@", re.IGNORECASE)


def without_userinfo(text: str) -> str:
    """`text` with every `scheme://user:password@host` in it as `scheme://host`; the rest stays as it is.

    The form `git@host:path`, which can hold no password, is no URL and stays.
    """
    return _USERINFO.sub(r"\1", text)
