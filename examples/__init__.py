"""A sample project, and the demonstration that sends it through the pipeline."""
