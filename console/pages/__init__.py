"""The pages, one a file, each with its routes."""

from console.pages import alerts, data, experiments, items, loop, people, quality, releases, sign_in, try_it

ALL = (loop, try_it, releases, experiments, quality, alerts, data, people, items, sign_in)

__all__ = ["ALL"]
