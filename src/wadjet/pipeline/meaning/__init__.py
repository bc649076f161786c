"""What a tree means: its names, what may run before what, and what an expression may do."""
