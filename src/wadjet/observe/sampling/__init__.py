"""Time by thread, from samples of every stack."""
