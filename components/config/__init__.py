"""The typed sections of params.yaml and the settings of the environment, one a file."""
