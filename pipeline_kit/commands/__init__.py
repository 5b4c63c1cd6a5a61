"""Commands that are not steps: the whole run, its plan, the registry, the configuration."""
