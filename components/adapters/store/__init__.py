"""The event store: requests, feedback, LLM calls, and the truth about releases, in one SQL schema."""
