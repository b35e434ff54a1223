"""The gateway: its routes, its counters, and clients that ask it."""
