"""A language model leads a conversation: with tools over the catalogue, and nothing else."""
