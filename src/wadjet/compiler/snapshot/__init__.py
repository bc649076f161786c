"""A process with its imports done, written as an executable file."""
