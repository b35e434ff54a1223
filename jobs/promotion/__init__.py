"""Builds a release and makes it live, and keeps what can be rolled back to."""
