"""Compares recommenders on any data set: presets, splits, tuning under a budget, measured rows."""
