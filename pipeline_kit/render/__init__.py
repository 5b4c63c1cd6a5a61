"""From values to text: for a terminal, a CI's log, a summary."""
