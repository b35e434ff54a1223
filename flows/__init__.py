"""Decides when: one thin Prefect flow per file."""
