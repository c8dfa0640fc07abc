"""Finds the token of a request, verifies it, and says why one is invalid."""
