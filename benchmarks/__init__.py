"""Measurements, apart from the tests: machines are shared and noisy, so ratios within one run count."""
