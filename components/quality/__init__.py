"""How good the served lists were, window by window, from what was logged and what users did afterwards."""
