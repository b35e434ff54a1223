"""What operators did to items, in the event store."""
