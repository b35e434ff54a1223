"""What the report of an evaluation says: the decision, the figures behind it, and the most different rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from components.shadow.agreement import rank_biased_overlap
from components.shadow.decision import Decision, Promote, Refuse, Undecided
from components.shadow.evidence import ShadowEvidence
from components.shadow.ground_truth import GroundTruth, Source
from components.shadow.precheck import PrecheckResult
from components.shadow.records import Case, RankedItemFacts
from components.shadow.scores import DEPTH, ndcg_of

MOST_DIFFERENT = 10
_MARKED: tuple[Source, ...] = ("listed", "explored", "later")
"""Sources that a title is marked with; the last one that speaks about it counts."""
_UNKNOWN = RankedItemFacts("", "", frozenset())


@dataclass(frozen=True)
class Place:
    """One line of a ranking as people read it.

    Attributes:
        moved: places up (positive) or down against the other ranking; None where it is not in the other's first ten.
        wanted: how the user turned out to want it: `later`, `listed`, `explored`, or nothing.
    """

    rank: int
    title: str
    category: str
    moved: int | None
    wanted: str
    explanation: str


@dataclass(frozen=True)
class SideBySide:
    """One request under both prompts. Nothing names the user.

    Attributes:
        said: what the request said, in words, without free text about the person.
        ndcg: of champion and challenger by the source that decides; NaN without judgement.
    """

    request_id: str
    segment: str
    said: str
    agreement: float
    ndcg: tuple[float, float]
    champion: tuple[Place, ...]
    challenger: tuple[Place, ...]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Labels:
    """What stands at the head of a report.

    Attributes:
        champion, challenger: as they are called, such as "version 3".
        notes: one line each, such as where the sample comes from.
    """

    evaluation_id: str
    champion: str
    challenger: str
    mode: str
    model: str
    written_at: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvaluationReport:
    """Everything that the page shows."""

    labels: Labels
    decision: Decision
    evidence: ShadowEvidence
    precheck: PrecheckResult | None
    different: tuple[SideBySide, ...]

    @property
    def verdict(self) -> str:
        """In one word."""
        return {Promote: "Promoted", Refuse: "Refused", Undecided: "Undecided"}[type(self.decision)]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Of the pre-check where that refused, else of the decision."""
        if self.precheck is not None and self.precheck.reasons:
            return self.precheck.reasons
        return self.decision.reasons


def most_different(
    cases: Sequence[Case],
    truth: GroundTruth,
    evidence: ShadowEvidence,
    items: Mapping[str, RankedItemFacts],
    cold_below: int,
) -> tuple[SideBySide, ...]:
    """The ten requests whose rankings agree least, least alike first; of equal ones the first asked."""
    ranked = sorted(
        ((rank_biased_overlap(case.champion.ranking, case.challenger.ranking), case) for case in cases),
        key=lambda pair: (pair[0], pair[1].request.received_at),
    )
    return tuple(
        _side_by_side(case, like, truth, evidence, items, cold_below) for like, case in ranked[:MOST_DIFFERENT]
    )


def _side_by_side(
    case: Case,
    agreement: float,
    truth: GroundTruth,
    evidence: ShadowEvidence,
    items: Mapping[str, RankedItemFacts],
    cold_below: int,
) -> SideBySide:
    request = case.request
    relevant = _relevant(truth, evidence.source or "later", request.request_id)
    wanted = {item: source for source in _MARKED for item in _relevant(truth, source, request.request_id)}
    n_known = request.n_known
    return SideBySide(
        request_id=request.request_id,
        segment="unknown" if n_known is None else "cold" if n_known < cold_below else "warm",
        said=_said(request.context),
        agreement=agreement,
        ndcg=(ndcg_of(case.champion.ranking, relevant), ndcg_of(case.challenger.ranking, relevant)),
        champion=_places(case.champion.ranking, case.challenger.ranking, items, wanted, case.champion.explanations),
        challenger=_places(case.challenger.ranking, case.champion.ranking, items, wanted, case.challenger.explanations),
        faults=case.challenger.fault_kinds,
    )


def _relevant(truth: GroundTruth, source: Source, request_id: str) -> frozenset[str]:
    judgement = truth.of(source).get(request_id)
    return judgement.relevant if judgement else frozenset()


def _places(
    ranking: Sequence[str],
    other: Sequence[str],
    items: Mapping[str, RankedItemFacts],
    wanted: Mapping[str, str],
    explanations: Mapping[str, str],
) -> tuple[Place, ...]:
    place_of = {item: place for place, item in enumerate(other[:DEPTH])}
    found = []
    for place, item in enumerate(ranking[:DEPTH]):
        facts = items.get(item, _UNKNOWN)
        moved = place_of[item] - place if item in place_of else None
        text = explanations.get(item, "")
        found.append(Place(place + 1, facts.title or item, facts.category, moved, wanted.get(item, ""), text))
    return tuple(found)


def _said(context: Mapping[str, object]) -> str:
    """The situation and the preferences; never the profile's own text, which may hold anything about a person."""
    situation, profile = context.get("context"), context.get("profile")
    parts = []
    if isinstance(situation, Mapping):
        parts += [f"{name.replace('_', ' ')}: {value}" for name, value in situation.items() if isinstance(value, str)]
    preferences = profile.get("preferences") if isinstance(profile, Mapping) else None
    if isinstance(preferences, Mapping):
        parts += [f"{'likes' if weight > 0 else 'avoids'} {label}" for label, weight in preferences.items()]
    return " · ".join(parts)
