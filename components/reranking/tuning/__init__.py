"""Tuning a small language model as a reranker: what it learns from, how fast, who judges it, and by what."""
