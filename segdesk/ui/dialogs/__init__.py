"""Dialogs: only for a decision, each shown with `open()` and answered by a callback.

Neighbours: the window says when one is needed; what is only told goes to the banner or the status
line. Read `dialog.py` first; `ask.py` is the one seam to the file dialogs.
"""
