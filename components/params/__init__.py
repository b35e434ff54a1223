"""The whole of params.yaml: reads entries by kind, takes overrides, and knows the form that older runs logged."""
