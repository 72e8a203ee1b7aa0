"""Trainings and predictions: what teaches, the bundle, the session with the child, the figures.

Neighbours: `learning` is the child itself, `jobs` the line to it. Read `running.py` first, then
`teaching.py`.
"""
