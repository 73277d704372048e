"""What is carried, weighed, inspected and accepted; what is claimed; what falls short."""
