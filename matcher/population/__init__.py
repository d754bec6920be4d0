"""Realistic companies, drawn by a seed: to see what a library does for them, and for benchmarks."""
