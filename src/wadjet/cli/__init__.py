"""The ``wadjet`` command: a file a command, and no logic."""
