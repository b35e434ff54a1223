"""How good a list of recommendations is."""
