"""Compares the local run's mapping templates with Apache Velocity 1.7 itself, which needs Java."""
