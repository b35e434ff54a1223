"""Everything that touches the world, one outside system per file."""
