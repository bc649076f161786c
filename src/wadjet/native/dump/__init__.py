"""What the interpreter does, as text for C programs that embed it, and for debuggers."""
