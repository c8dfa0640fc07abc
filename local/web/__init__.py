"""The web server of the local run and its page."""
