"""Versions: what the tags and the commit messages say about the next one."""
