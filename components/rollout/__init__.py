"""Releases: what they are, the states they pass, and the order of steps that makes one live."""
