"""Container image pipelines on Azure: one digest from the commit to the container that serves."""

__version__ = "0.1.0"
