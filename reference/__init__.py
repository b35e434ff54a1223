"""Writes the reference part of the documentation from the code and the files that it describes."""
