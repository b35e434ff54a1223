"""Makes recommendations for many users at once, and pairs to tune a model with."""
