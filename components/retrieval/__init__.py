"""Finding the best items by score: exactly, and through an approximate index."""
