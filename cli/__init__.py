"""The commands of `recops`, one a file, without Prefect."""
