"""Finding the best items by score through an approximate index, and for all users at once."""
