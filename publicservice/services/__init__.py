"""Use cases of public service."""
