"""Telling people what happened: outbox topics become messages, messages go out by channels."""
