"""Asks a language model to rank candidates again: prompt, reply, order, explanations. Holds no client."""
