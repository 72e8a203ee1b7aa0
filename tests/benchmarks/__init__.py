"""Benchmarks: `make bench`. They assert nothing."""
