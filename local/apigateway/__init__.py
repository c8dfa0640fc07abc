"""Serves the deployed REST API as API Gateway would."""
