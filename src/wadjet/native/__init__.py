"""Guard the C code."""
