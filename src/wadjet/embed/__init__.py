"""Front ends that live inside a program: a block of code, a notebook's cell, a test run."""
