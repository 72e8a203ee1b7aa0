"""Scans, labels and pools: what comes into the project from files and goes out to them.

Neighbours: `formats` knows the files, `project` keeps the cases. Read `importing.py` first.
"""
