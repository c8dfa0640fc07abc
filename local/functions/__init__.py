"""Runs the deployed Lambda functions and feeds them from the queue."""
