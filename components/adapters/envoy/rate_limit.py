"""Refuses in the gateway what one address sends beyond its limit, for less than a slot would need to say no.

A refusal waits a little: who asks again as soon as there is an answer is refused less often, and others have the
processor. Meanwhile the body is read, so that the connection need not be closed, which costs as much again.

Who shows a key is left to the slots, which know what it may; and this machine's own programs share one address, which
has no limit.
"""

from __future__ import annotations

from typing import Any

TYPE = "type.googleapis.com/envoy"
BURST_SECONDS = 10.0
"""Who has not asked for a while may ask at once what so many seconds allow, as in the slots."""
THIS_MACHINE = ("127.0.0.1", "::1")
MAX_ADDRESSES = 20_000
"""Buckets that are kept; who has not been seen for longest is forgotten first, and begins with a full one."""
UNBOUNDED = 2**32 - 1
HELD_SECONDS = 0.2
"""A refusal waits so long; with 10,000 connections in all, 50,000 a second could be held."""
BEYOND = "x-recops-beyond"
"""The header by which the first filter tells the second that a request is to be refused."""
KEYLESS = {"key": "header_match", "value": "keyless"}


def rate_limit_filters(per_minute: float) -> list[dict[str, Any]]:
    """Answer 429, after a while, beyond `per_minute` requests of one address without a key."""
    every = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    keyless = {"name": "authorization", "present_match": True}
    of_whom = [
        {"header_value_match": {"descriptor_value": "keyless", "expect_match": False, "headers": [keyless]}},
        {"remote_address": {}},
    ]
    config = {
        "@type": f"{TYPE}.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
        "stat_prefix": "gateway",
        "filter_enabled": every,
        "filter_enforced": {"default_value": {"numerator": 0, "denominator": "HUNDRED"}},
        "request_headers_to_add_when_not_enforced": [{"header": {"key": BEYOND, "value": "1"}}],
        "max_dynamic_descriptors": MAX_ADDRESSES,
        "rate_limits": [{"actions": of_whom}],
        "descriptors": [
            *(_bucket({"key": "remote_address", "value": each}, UNBOUNDED, UNBOUNDED, 1.0) for each in THIS_MACHINE),
            _bucket({"key": "remote_address"}, *_filling(per_minute)),
        ],
    }
    refusal = {
        "@type": f"{TYPE}.extensions.filters.http.fault.v3.HTTPFault",
        "headers": [{"name": BEYOND, "present_match": True}],
        "delay": {"fixed_delay": f"{HELD_SECONDS:.3f}s", "percentage": every["default_value"]},
        "abort": {"http_status": 429, "percentage": every["default_value"]},
    }
    return [
        {"name": "envoy.filters.http.local_ratelimit", "typed_config": config},
        {"name": "envoy.filters.http.fault", "typed_config": refusal},
    ]


def retry_after() -> dict[str, Any]:
    """What is added to an answer of the gateway itself that is such a refusal."""
    is_429 = {"comparison": {"op": "EQ", "value": {"default_value": 429, "runtime_key": "recops.refusal"}}}
    header = {"header": {"key": "retry-after", "value": "1"}}
    return {"filter": {"status_code_filter": is_429}, "headers_to_add": [header]}


def _filling(per_minute: float) -> tuple[int, int, float]:
    """What a bucket holds, and gets each so many seconds."""
    per_second = per_minute / 60
    held = max(1, round(per_second * BURST_SECONDS))
    return (held, round(per_second), 1.0) if per_second >= 1 else (held, 1, 1 / per_second)


def _bucket(of: dict[str, str], held: int, filled: int, seconds: float) -> dict[str, Any]:
    bucket = {"max_tokens": held, "tokens_per_fill": filled, "fill_interval": f"{seconds:.3f}s"}
    return {"entries": [KEYLESS, of], "token_bucket": bucket}
