"""What is done about keys by hand."""
