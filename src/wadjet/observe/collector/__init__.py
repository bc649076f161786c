"""Treatments for the garbage collector: fewer, shorter and better placed pauses."""
