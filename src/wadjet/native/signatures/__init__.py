"""Signatures of C functions: read from what there is, and shown where Python looks for them."""
