"""What can be computed before a program runs is computed then: a file a pass."""
