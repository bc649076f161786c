"""Where a program's memory goes: every request of Python's allocators and of C's."""
