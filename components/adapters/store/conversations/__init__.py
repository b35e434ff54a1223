"""Conversations in the event store."""
