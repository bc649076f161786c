"""From source to running code, a file a station; each station knows only those before it."""
