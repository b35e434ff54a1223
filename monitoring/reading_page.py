"""Renders a reading as one HTML page that needs nothing else, and as Markdown for a Prefect artifact."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from monitoring.reading_view import Line, ReadingView

TEMPLATES = Path(__file__).parent / "templates"
WIDEST = 0.6
"""Share of the control at which an interval's bar is cut off."""
COLOURS = ("#6b7280", "#2563eb", "#d97706", "#059669", "#9333ea")


def page_of(view: ReadingView) -> str:
    """The page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    environment.filters["moment"] = _moment
    environment.filters["percent"] = _percent
    environment.filters["short"] = _short
    reach = _reach(view)
    roles = ("primary", "secondary", "guardrail", "segment")
    return environment.get_template("reading.html.j2").render(
        view=view,
        reach=reach,
        x=lambda share: 50 + 50 * max(-1.0, min(1.0, share / reach)),
        lines={role: [line for line in view.lines if line.role == role] for role in roles},
        curves=_curves(view),
        colours=COLOURS,
    )


def markdown_of(view: ReadingView) -> str:
    """The decision and the figures as Markdown."""
    head = f"# {view.name}: {view.verdict}{f' {view.winner}' if view.winner else ''}\n\n{view.reason}\n"
    facts = {
        "users": ", ".join(f"{name} {users}" for name, users in zip(view.variants, view.users, strict=True)),
        "draft" if view.design == "interleaved" else "sample ratio": view.sample_ratio,
        "primary metric": f"{view.primary}, {view.test} test, minimum effect {view.minimum_effect}",
        "planned": f"{view.planned_users} {view.counted}, {view.planned_days} days; {view.days} days passed",
        **({"still needed": _needed(view)} if view.users_needed is not None else {}),
        **{f"note {number}": text for number, text in enumerate(view.warnings, start=1)},
    }
    rows = "\n".join(f"| {name} | {text} |" for name, text in facts.items())
    table = "\n".join(map(_row, view.lines))
    header = "| role | metric | variant | control | variant's | difference | p | |\n|---|---|---|---|---|---|---|---|"
    return f"{head}\n| | |\n|---|---|\n{rows}\n" + (f"\n{header}\n{table}\n" if view.lines else "")


def _row(line: Line) -> str:
    title = f"{line.title}{f' ({line.segment})' if line.segment else ''}"
    means = f"{_short(line.control)} | {_short(line.treatment)}"
    found = f"{shown_interval(line)} | {line.p_value:.2g} | {line.verdict}"
    return f"| {line.role} | {title} | {line.variant} | {means} | {found} |"


def _needed(view: ReadingView) -> str:
    return f"{view.users_needed} {view.counted} and {view.days_needed} days"


def shown_interval(line: Line) -> str:
    """The difference from the control, with its interval, as shares of it; - where that is 0."""
    if line.value is None or line.low is None or line.high is None:
        return "-"
    return f"{line.value:+.1%} ({line.low:+.1%} to {line.high:+.1%})"


def _reach(view: ReadingView) -> float:
    """The share of the control that the axis goes to, on each side."""
    ends = [abs(end) for line in view.lines for end in (line.low, line.high, line.minimum_effect) if end is not None]
    return min(WIDEST, max([*ends, 0.05]) * 1.1)


def _curves(view: ReadingView) -> list[str]:
    """Cumulative users per variant as points of an SVG polyline in a box of 100 × 40."""
    most = max((max(counts, default=0) for counts in view.entered), default=0) or 1
    last = max(1, len(view.entered_at) - 1)
    return [
        " ".join(f"{100 * place / last:.2f},{40 - 38 * count / most:.2f}" for place, count in enumerate(counts))
        for counts in view.entered
    ]


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:+.1%}"


def _short(value: float) -> str:
    return f"{value:.4g}"
