"""The two slots: their processes or containers, what they serve, and their caches."""
