"""Observes the running system: request metrics and the state of the stack's processes."""
