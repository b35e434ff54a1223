"""Who may ask for what: keys, their roles, and tokens that let a key speak for one user."""
