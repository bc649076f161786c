"""What runs within the process that is frozen, and within each that it becomes.

Nothing here imports typing, dataclasses or any of the like: it would be in every image.
"""
