"""Ingests a source and our own feedback into data versions."""
