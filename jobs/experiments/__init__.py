"""Declares, plans and reads experiments, and judges policies on explored traffic."""
