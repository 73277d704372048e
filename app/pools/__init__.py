"""What members of a cooperative bring together to fill a load."""
