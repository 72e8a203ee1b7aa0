"""What takes more than one turn of the loop: opening, reading, importing, saving, leaving.

Neighbours: `app` does the work, `threads` runs it, `dialogs` ask. Nothing here knows the window or
its commands. Read `session.py` first.
"""
