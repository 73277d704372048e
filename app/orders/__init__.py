"""What was agreed, whatever it came from."""
