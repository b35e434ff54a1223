"""What operators do to items, beside the data versions."""
