"""The time limits of promotions, rollbacks and reconciliation, as params.yaml states them."""

from __future__ import annotations

from components.config.promotion import PromotionConfig
from components.rollout.bring_up import Limits


def limits_of(promotion: PromotionConfig) -> Limits:
    """The time limits in the parameters."""
    return Limits(promotion.lease_seconds, promotion.ready_timeout_seconds, promotion.smoke_timeout_seconds)
