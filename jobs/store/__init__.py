"""Counts, prunes, exports and restores the event store, and forgets users."""
