"""A file a format: every renderer reads every recording."""
