"""Makes the empty figure that all plots of runs and readings begin with."""

from __future__ import annotations

from typing import Any, Literal


def make_figure(grid: Literal["x", "y"], width: float = 7.5, height: float = 4.6) -> tuple[Any, Any]:
    """Figure and axes with a faint grid along one axis, outside pyplot's global state; sizes in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=grid, color="#e4e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes
