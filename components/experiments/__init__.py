"""How sure a measured difference is."""
