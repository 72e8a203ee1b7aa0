"""Small parts that any room of `ui` uses: number field, labels, messages over the scan, listening.

A widget that knows a panel, a dialog or the window belongs there. Read `bridge.py` first.
"""
