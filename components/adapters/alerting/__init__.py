"""Sends messages to channels, and keeps what monitoring remembers between runs."""
