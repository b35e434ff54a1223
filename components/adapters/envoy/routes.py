"""The route file of Envoy: which slot answers what share of the requests, or of the users during a canary.

A canary is sticky by user: a Lua filter takes `user_id` from the body into a header, and the weighted clusters hash
that header together with the release's id, so that each canary tries other users. The canary's cluster comes first,
so that a share that grows only adds users to it.
"""

from __future__ import annotations

from typing import Any

from components.adapters.envoy.console_routes import console_routes
from components.rollout.routing import RoutingState, Slot, SlotShare, shares_of
from components.serving.requests import MAX_TIMEOUT_MS

FEEDBACK_TIMEOUT = "15s"
DEFAULT_TIMEOUT = f"{MAX_TIMEOUT_MS // 1000 + 5}s"
"""Above what a request may allow a language model; a slot that hangs is found by the health checks, long before."""
TYPE = "type.googleapis.com/envoy"
PREVIOUS_HOSTS = f"{TYPE}.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
PREVIOUS_PRIORITIES = f"{TYPE}.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig"
NO_RELEASE = "nothing is live yet; run `recops up`"
MAX_BODY = 2_000_000
"""Above what a slot takes, which says more kindly what is too large."""
LUA = "envoy.filters.http.lua"
PROBE_HEADER = "x-recops-probe"
USER_HEADER = "x-recops-user"
CANARY_HEADER = "x-recops-canary"
"""Names the release on trial to the slot that answers for it."""

ADDRESS = {
    "header": {"key": "x-recops-address", "value": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"},
    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
}
"""Who asks, whatever a client wrote there. X-Forwarded-For would name this machine's own address for its programs."""

# The body is read up to 4 KiB; a user id behind that, or none, gives a share by chance. Ids are strings, but numbers
# are taken too, as the service refuses them with a better word than we could.
READ_USER = """
function envoy_on_request(handle)
  handle:headers():remove("x-recops-user")
  local salt = handle:metadata():get("salt")
  if salt == nil or handle:headers():get("content-length") == "0" then return end
  local body = handle:body()
  if body == nil then return end
  local start = body:getBytes(0, math.min(body:length(), 4096))
  local user = start:match('"user_id"%s*:%s*"(.-[^\\\\])"') or start:match('"user_id"%s*:%s*([%w.+-]+)')
  if user == nil then return end
  handle:headers():add("x-recops-user", salt .. ":" .. user)
  handle:clearRouteCache()
end
"""


def buffer_filter() -> dict[str, Any]:
    """Holds a request until its body is there, so that clients that send slowly take no connection to a slot."""
    code = {"@type": f"{TYPE}.extensions.filters.http.buffer.v3.Buffer", "max_request_bytes": MAX_BODY}
    return {"name": "envoy.filters.http.buffer", "typed_config": code}


def lua_filter() -> dict[str, Any]:
    """The filter that reads the user; it runs only where the routes say so."""
    code = {"@type": f"{TYPE}.extensions.filters.http.lua.v3.Lua", "default_source_code": {"inline_string": READ_USER}}
    return {"name": LUA, "typed_config": code}


def route_file_of(state: RoutingState, with_console: bool = False, has_replicas: bool = False) -> dict[str, Any]:
    """The content of the route file for this state; before the first release every request is answered with 503.

    Where a slot `has_replicas`, a retry goes to another one of the same slot first.
    """
    shares, retry = shares_of(state), _retry(has_replicas)
    routes = [_nothing_live()]
    if shares:
        routes = [
            _route({"path": "/feedback"}, shares, state, FEEDBACK_TIMEOUT, retry),
            _route({"prefix": "/"}, shares, state, DEFAULT_TIMEOUT, retry),
        ]
    if with_console:
        lua_off = {LUA: {"@type": f"{TYPE}.extensions.filters.http.lua.v3.LuaPerRoute", "disabled": True}}
        routes = [{**route, "typed_per_filter_config": lua_off} for route in console_routes()] + routes
    config = {
        "@type": f"{TYPE}.config.route.v3.RouteConfiguration",
        "name": "recops",
        "virtual_hosts": [{"name": "recops", "domains": ["*"], "routes": routes}],
        "request_headers_to_remove": [PROBE_HEADER, USER_HEADER],  # a client may not send ours
        "request_headers_to_add": [ADDRESS],
        # Envoy takes no notice of a file whose content is the same, and would go on to name the former version.
        "metadata": {"filter_metadata": {"recops": {"version": state.version}}},
    }
    return {"version_info": str(state.version), "resources": [config]}


def cluster_name(slot: Slot, fallback: Slot | None) -> str:
    """The cluster of a slot, alone or with the other one as second priority."""
    return f"{slot}_only" if fallback is None else f"{slot}_then_{fallback}"


def _retry(has_replicas: bool) -> dict[str, Any]:
    """To the other slot at once, or where a slot has replicas to another of those first, which has the same release.

    Feedback too may be sent again whenever a slot dies over it: an event counts once by its id, or by the gateway's id
    of the request, which stays the same.
    """
    elsewhere = {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {"@type": PREVIOUS_HOSTS}}
    in_slot = {"retry_host_predicate": [elsewhere], "host_selection_retry_max_attempts": 5} if has_replicas else {}
    return {
        "retry_on": "connect-failure,refused-stream,reset",
        "num_retries": 3,
        "retry_back_off": {"base_interval": "0.02s", "max_interval": "0.2s"},
        **in_slot,
        "retry_priority": {
            "name": "envoy.retry_priorities.previous_priorities",
            "typed_config": {"@type": PREVIOUS_PRIORITIES, "update_frequency": 2 if has_replicas else 1},
        },
    }


def _route(
    match: dict[str, Any], shares: tuple[SlotShare, ...], state: RoutingState, timeout: str, retry: dict[str, Any]
) -> dict[str, Any]:
    salt = state.canary_release
    # The client's own mark goes here, not for all routes: that would come later, and take away the one set below.
    clusters: list[dict[str, Any]] = [
        {
            "name": cluster_name(share.slot, share.fallback),
            "weight": share.weight,
            "request_headers_to_remove": [CANARY_HEADER],
        }
        for share in shares
    ]
    weighted: dict[str, Any] = {"clusters": clusters}
    action: dict[str, Any] = {"weighted_clusters": weighted, "timeout": timeout, "retry_policy": retry}
    if salt is None:
        lua = {"@type": f"{TYPE}.extensions.filters.http.lua.v3.LuaPerRoute", "disabled": True}
        return {"match": match, "route": action, "typed_per_filter_config": {LUA: lua}}
    mark = {"header": {"key": CANARY_HEADER, "value": salt}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    clusters[0]["request_headers_to_add"] = [mark]  # the canary comes first; see `shares_of`
    weighted["use_hash_policy"] = True
    action["hash_policy"] = [{"header": {"header_name": USER_HEADER}, "terminal": True}]
    return {"match": match, "route": action, "metadata": {"filter_metadata": {LUA: {"salt": salt}}}}


def _nothing_live() -> dict[str, Any]:
    return {"match": {"prefix": "/"}, "direct_response": {"status": 503, "body": {"inline_string": NO_RELEASE}}}
