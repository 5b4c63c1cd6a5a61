"""How long pipeline-kit takes beside the commands that people run today: ratios from one run, never absolute times."""
