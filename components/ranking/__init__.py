"""Ordering candidates: features, the learned ranker, blends, diversity, and the pipeline that joins it all."""
