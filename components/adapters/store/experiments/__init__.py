"""Experiments, exposures and their log in the event store."""
