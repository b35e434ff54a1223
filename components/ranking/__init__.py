"""Ordering candidates: features, the learned ranker, blends, diversity."""
