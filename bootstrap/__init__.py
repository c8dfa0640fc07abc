"""Prepares and checks what everything else needs: the Python version, the packages, the Pulumi CLI."""
