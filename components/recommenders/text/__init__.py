"""Texts as vectors: of items, of what users say about themselves, of what they ask for."""
