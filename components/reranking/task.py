"""What a language model is asked: which candidates, for whom, in which situation. Holds no user id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ItemText:
    """An item as a model reads it.

    Attributes:
        text: tags and facts.
        liked: matters for what a user has met.
        about: its description, of which no reason may take a name: anybody may have written it.
        why: for what another system chose it as a candidate.
        labels: its categories and tags, which nothing else may be called.
        fields: all that is known of it, also what the model is not shown.
    """

    title: str
    category: str
    text: str = ""
    liked: bool = True
    about: str = ""
    why: str = ""
    labels: tuple[str, ...] = ()
    fields: str = ""


@dataclass(frozen=True, slots=True)
class RerankTask:
    """One reranking.

    Attributes:
        candidates: best first; a tier ranks as many of the first as it takes.
        k: how many places the user sees.
        profile: what the user says about themselves, without identity.
        preferences: wanted and unwanted categories and tags, from -1 to 1.
        recent: what the user met last, oldest first.
        context: the situation, such as time of day, device, mood, query.
        explain: whether a reason is wanted for each place.
        diversity: how much variety is wanted, from 0 to 1.
    """

    candidates: tuple[ItemText, ...]
    k: int
    profile: str = ""
    preferences: Mapping[str, float] = field(default_factory=dict)
    recent: tuple[ItemText, ...] = ()
    context: Mapping[str, str] = field(default_factory=dict)
    explain: bool = True
    diversity: float = 0.0
