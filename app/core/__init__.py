"""Machinery that knows nothing of farming."""
