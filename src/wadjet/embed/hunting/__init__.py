"""The hunt for what tests leave behind each time they run."""
