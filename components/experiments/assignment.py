"""Decides which variant of an experiment a user gets, from the experiment's own salt and the user's id alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b, sha256
from itertools import accumulate


@dataclass(frozen=True)
class VariantShares:
    """The variants of an experiment with the share of users each gets; the first variant is the control.

    Raises:
        ValueError: fewer than two variants, a name twice, a share that is not positive, or shares whose sum is not 1.
    """

    variants: tuple[str, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.variants) < 2 or len(self.variants) != len(self.shares):
            raise ValueError(f"a split needs two variants or more, each with a share: {self.variants}, {self.shares}")
        if len(set(self.variants)) < len(self.variants):
            raise ValueError(f"variants have different names: {self.variants}")
        if not all(share > 0 for share in self.shares) or not math.isclose(sum(self.shares), 1):
            raise ValueError(f"shares are positive and sum to 1: {self.shares}")


def position_in_experiment(salt: str, user_id: str) -> float:
    """Where the user stands in the experiment, in [0, 1): uniform over users, independent between salts.

    The salt keys the hash, so that no two pairs of salt and user run together into the same bytes. The same pair
    gives the same position on every machine, in every process and every release.
    """
    digest = blake2b(user_id.encode(), key=sha256(salt.encode()).digest(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def assign_variant(split: VariantShares, salt: str, user_id: str) -> str:
    """The user's variant. It stays the same as long as salt and split do; nothing is stored.

    Changing the shares of a running experiment moves users between variants: start a new one, with a new salt.
    """
    position = position_in_experiment(salt, user_id)
    bounds = accumulate(split.shares)
    for variant, bound in zip(split.variants, bounds, strict=True):
        if position < bound:
            return variant
    return split.variants[-1]  # the sum of the shares may be rounded to a little less than 1
