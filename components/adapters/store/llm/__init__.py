"""Money, calls and evaluations of language models in the event store."""
