"""Data versions and the training pipeline, in Git + DVC repositories of our own."""
