"""Fakes of the services that events are recorded in, with their documented limits."""
