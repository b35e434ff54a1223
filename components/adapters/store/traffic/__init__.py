"""Requests, impressions and feedback in the event store."""
