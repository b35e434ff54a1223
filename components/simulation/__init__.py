"""Users who look and click, from known relevance: seeded, bounded, without a server."""
