"""An interpreter that has started and imported, and forks for each program that is run."""
