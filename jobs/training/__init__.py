"""Trains on a data version, registers the model and lets the gate judge it."""
