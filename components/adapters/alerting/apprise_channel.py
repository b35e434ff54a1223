"""Sends a message to one address that Apprise knows how to reach: Slack, mail, Teams, PagerDuty, a webhook and others.

The address may hold a password, so it is named by its kind and a digest wherever it is stored, logged or shown.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from components.adapters.store.alerts.incidents import Claimed

WITH_HEADERS = ("json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos")
"""Kinds of address that take headers of our own, among them the key by which a receiver tells a repeat."""


class ChannelError(Exception):
    """An address that Apprise does not understand, or a message that did not arrive."""


@dataclass(frozen=True)
class AppriseChannel:
    """One address; its name says the kind, and a digest that tells two of a kind apart."""

    name: str
    _url: str

    def __repr__(self) -> str:
        return f"AppriseChannel({self.name})"

    def send(self, message: Claimed, timeout: float) -> None:
        """Deliver one message.

        Its key, the same for each attempt, is sent as the header Idempotency-Key where the kind of address allows it.

        Raises:
            ChannelError: the receiver did not take it.
        """
        kind = self._url.partition("://")[0]
        url = self._url
        joint = "&" if "?" in url else "?"
        if kind in WITH_HEADERS:
            url += f"{joint}+Idempotency-Key={message.key}"
            joint = "&"
        url += f"{joint}cto={timeout:g}&rto={timeout:g}"
        kinds = {"info": "info", "warning": "warning", "critical": "failure", "resolved": "success"}
        with _apprise() as apprise, apprise.LogCapture(level=logging.WARNING) as captured:
            notifier = apprise.Apprise()
            notifier.add(url)
            arrived = notifier.notify(
                body=message.message["body"],
                title=message.message["title"],
                notify_type=kinds[message.message["severity"]],
                body_format=apprise.NotifyFormat.TEXT,
            )
            said = captured.getvalue() if not arrived else ""
        if not arrived:
            # Only the last line, and none with an address in it: Apprise may quote what holds a password.
            lines = [line for line in said.splitlines() if "://" not in line]
            raise ChannelError(lines[-1][-200:] if lines else "the receiver did not take the message")


def channels_of(urls: str) -> tuple[AppriseChannel, ...]:
    """The channels of RECOPS_ALERT_URLS: addresses separated by blanks or new lines; none for an empty text.

    Raises:
        ChannelError: an address is not understood; the message names its kind and place, not the address.
    """
    found: dict[str, AppriseChannel] = {}
    for place, url in enumerate(urls.split(), start=1):
        kind = url.partition("://")[0]
        if not _is_known(url):
            shown = kind if kind != url else "something without ://"
            raise ChannelError(
                f"RECOPS_ALERT_URLS: address {place} ({shown}) is not one that Apprise knows; see its list of services"
            )
        name = f"{kind}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
        found[name] = AppriseChannel(name, url)
    return tuple(found.values())


def _is_known(url: str) -> bool:
    with _apprise() as apprise:
        return apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None


@contextmanager
def _apprise() -> Iterator[Any]:
    """The library, which imports its parts when they are used, and with them modules that Python is about to drop."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        yield apprise
