"""See what a program costs: a folder a subsystem."""
