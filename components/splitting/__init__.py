"""Cuts interactions into train and test by time."""
