"""Interactions, items and users: columns, schema, screening, sources, preparation."""
