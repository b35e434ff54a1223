"""Whether users, items, scores and features still look as they did, and as training saw them."""
