"""The nouns every subsystem produces and every renderer reads."""
