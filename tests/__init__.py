"""The tests, which mirror the tree they test."""
