"""Candidate generators, one per file, behind one protocol."""
