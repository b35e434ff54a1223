"""What people ask for, as a value: read from their words, judged on the items, said again in words."""
