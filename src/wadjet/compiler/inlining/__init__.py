"""Small functions and methods, put where they are called."""
