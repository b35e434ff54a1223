"""Compares rankings on any data set."""
