"""The open project: what is in memory of it, what a save writes, and what becomes of damage.

Neighbours: `labelling` changes masks, `runs` trains and predicts, `files` brings scans in and out,
`screen` is what a reader looks at. Read `workbench.py` first, then `saving.py`.
"""
