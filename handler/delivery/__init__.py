"""How events reach destinations whatever happens: rate limits, retries, dead letters."""
