"""What makes programs start sooner."""
