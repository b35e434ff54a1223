"""The pages, one a file, each with its routes."""

from console.pages import loop, releases, sign_in, try_it

ALL = (loop, try_it, releases, sign_in)

__all__ = ["ALL"]
