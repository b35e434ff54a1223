"""Computes users' values less what was known about them before assignment, so that the same users tell more."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from components.experiments.fixed_horizon import Values


@dataclass(frozen=True)
class Adjusted:
    """Values of the same expected difference and less variance.

    Attributes:
        values: (n_users,).
        variance_reduction: share of the variance within variants that is gone, in [0, 1]; 0 without a covariate.
    """

    values: Values
    variance_reduction: float


def totals_before_assignment(
    users: NDArray[np.integer], at: NDArray[np.datetime64], amounts: Values, assigned_at: NDArray[np.datetime64]
) -> Values:
    """The covariate: what each user did strictly before their own assignment, summed, (n_users,); NaN without any.

    An event at or after assignment may be an effect of the variant, and adjusting for it would hide the effect; so
    the covariate is built here, and nowhere else, from the events themselves.

    Args:
        users: row of the user of each event, (n_events,).
        at: when, (n_events,).
        amounts: what to sum, such as 1 per click, (n_events,).
        assigned_at: (n_users,).
    """
    before = at < assigned_at[users]
    rows = users[before]
    totals = np.bincount(rows, weights=amounts[before], minlength=len(assigned_at)).astype(np.float64)
    totals[np.bincount(rows, minlength=len(assigned_at)) == 0] = np.nan
    return totals


def adjust_users(values: Values, variant: NDArray[np.integer], covariates: Values) -> Adjusted:
    """CUPED (Deng, Xu, Kohavi and Walker, WSDM 2013) by least squares within variants.

    A covariate that a user does not have (NaN) becomes the mean of those who have it, with an indicator beside it, so
    that new users stay in. The slopes are common to all variants, and what is subtracted has mean 0 over all users.

    Args:
        values: (n_users,), linearised within each variant when the metric is a ratio.
        variant: (n_users,).
        covariates: known before assignment, (n_users, n_covariates).
    """
    design = _filled(covariates)
    inner_values, inner_design = _within(values[:, None], variant)[:, 0], _within(design, variant)
    slopes = np.linalg.lstsq(inner_design, inner_values, rcond=None)[0]
    adjusted = values - (design - design.mean(axis=0)) @ slopes
    before, after = float(inner_values @ inner_values), float(np.square(inner_values - inner_design @ slopes).sum())
    return Adjusted(adjusted, max(0.0, 1 - after / before) if before > 0 else 0.0)


def _filled(covariates: Values) -> Values:
    """Columns (n_users, n_covariates + indicators), scaled so that their units do not matter to the solver."""
    missing = np.isnan(covariates)
    known = np.maximum((~missing).sum(axis=0), 1)
    means = np.where(missing, 0.0, covariates).sum(axis=0) / known
    design = np.hstack([np.where(missing, means, covariates), missing[:, missing.any(axis=0)].astype(np.float64)])
    spread = design.std(axis=0)
    return np.asarray(design / np.where(spread > 0, spread, 1.0), dtype=np.float64)


def _within(columns: Values, variant: NDArray[np.integer]) -> Values:
    centred = columns.copy()
    for label in np.unique(variant):
        rows = variant == label
        centred[rows] -= columns[rows].mean(axis=0)
    return centred
