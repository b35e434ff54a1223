"""A typed client of the recops gateway: `Client` waits, `AsyncClient` does not; both try again where that is safe."""

from recops_client.answers import Accepted, Item, Recommendations, Refused, SearchResult, SimilarItems, Unreachable
from recops_client.async_client import AsyncClient
from recops_client.client import Client
from recops_client.events import Event

__all__ = [
    "Accepted",
    "AsyncClient",
    "Client",
    "Event",
    "Item",
    "Recommendations",
    "Refused",
    "SearchResult",
    "SimilarItems",
    "Unreachable",
]
