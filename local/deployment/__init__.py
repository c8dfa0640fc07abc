"""Runs the Pulumi program and creates its resources in moto."""
