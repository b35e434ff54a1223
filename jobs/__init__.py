"""What a flow, a stage or a command does, without Prefect and without click."""
