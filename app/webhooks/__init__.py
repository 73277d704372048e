"""Sending events to addresses that other systems have named."""
