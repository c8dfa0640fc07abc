"""Benchmarks, run by hand (`make bench`). Machines are noisy, so compare ratios within one run."""
