"""Releases, rollouts and what is live in the event store."""
