"""A run again, from its record: the same commit, event and settings here, and what came out otherwise."""
