"""What an interpreter does before a program's own code runs, and what that costs."""
