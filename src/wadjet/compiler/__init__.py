"""Programs made faster: passes on the compiler's tree, chosen by name."""
