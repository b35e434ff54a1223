"""Keys and the log of what operators did, in the event store."""
