"""What counts as wrong: pure functions of a current and a reference window, and the table of all rules."""
