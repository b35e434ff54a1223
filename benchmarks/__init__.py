"""Measurements of speed, each a module to run with `python -m`; they write nothing into the checkout."""
