"""Benchmarks: ratios to a named baseline in one run, medians, with the machine; never a test."""
