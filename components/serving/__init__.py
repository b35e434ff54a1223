"""The request path: from a parsed request and a bundle to an answer; imports no web framework."""
