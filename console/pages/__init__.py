"""The pages, one a file, each with its routes."""

from console.pages import loop, sign_in

ALL = (loop, sign_in)

__all__ = ["ALL"]
