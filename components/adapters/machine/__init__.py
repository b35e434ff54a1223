"""This machine: locks, ports, memory, Git, and what may be printed."""
