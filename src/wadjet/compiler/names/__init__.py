"""Passes on names: builtins bound early, globals that are looked up and bound faster."""
