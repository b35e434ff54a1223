"""Judges a new prompt on logged requests or beside live traffic."""
