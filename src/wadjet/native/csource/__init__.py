"""What is known of C: the declarations of a header, tokens, facts about the C API."""
