"""The commands of dvc.yaml, one per stage."""
