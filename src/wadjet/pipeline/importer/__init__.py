"""The import station: importlib's plain source, made what the interpreter imports with."""
