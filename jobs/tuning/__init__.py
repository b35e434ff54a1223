"""Tunes a small language model on exported preferences, and judges it on users kept apart."""
