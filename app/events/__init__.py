"""What happened, as other systems may follow it: published topics as an ordered feed."""
