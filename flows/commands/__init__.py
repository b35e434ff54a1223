"""The sub-commands of `recops`, one per file."""
