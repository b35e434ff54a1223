"""Language models behind the Messages API, and what keeps their calls in bounds."""
