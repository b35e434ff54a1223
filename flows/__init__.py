"""Decides when: one Prefect flow per file, the stages of dvc.yaml, and the command line."""
