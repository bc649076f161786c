"""The interpreter and the process that are looked at."""
