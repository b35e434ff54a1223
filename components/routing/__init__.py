"""Decides which way a request is answered."""
