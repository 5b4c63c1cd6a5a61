"""Whether an image may go on: what was made here, what the policy says of it, and who is asked."""
