"""Code by its shape: patterns with holes, where they match, and what is written in their place."""
