"""A conversation with the catalogue: what a message does to the wishes so far, and what is said to it."""
