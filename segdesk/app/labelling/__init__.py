"""From a gesture, a key or a label map to an Edit, and what it does to a slice's status.

Neighbours: `project` owns the Workbench that applies Edits, `tools` (below) are what a hand draws
with, `ops` computes regions. Read `editing.py` first, then `reviewing.py`.
"""
