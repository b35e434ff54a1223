"""How sure a measured difference is: planning, assigning and reading experiments, as values in and values out."""
