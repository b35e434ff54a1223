"""Judges a window of traffic, tells of what is wrong, and has it answered."""
