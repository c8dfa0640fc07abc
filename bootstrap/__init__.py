"""What has to hold before anything else can run: the Python, its packages, the Pulumi CLI."""
