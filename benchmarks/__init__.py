"""Benchmarks, run by hand (`make bench`). Machines are noisy: compare only the ratios of one run."""
