"""A guest book: notes are left and read over HTTP."""
