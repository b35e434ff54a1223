"""Turns broken rules into incidents that people hear of once, and into what is done about them."""
