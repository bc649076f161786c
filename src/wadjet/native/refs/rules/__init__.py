"""Rules that are read off C source: a way through each function, and what is known on it."""
