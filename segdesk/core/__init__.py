"""The words of the house as values and rules. Needs numpy and nothing else.

Neighbours: `ops` computes on arrays, `store` writes these values to disk, `app` decides when they
change. Read `edit.py` first: a mask changes by an `Edit` through `Annotation.apply`, and nowhere
else.
"""
