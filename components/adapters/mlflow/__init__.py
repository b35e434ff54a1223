"""Runs, models, prompts and aliases in MLflow."""
