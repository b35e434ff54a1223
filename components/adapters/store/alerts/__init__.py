"""Incidents and their outbox in the event store."""
