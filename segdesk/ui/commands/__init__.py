"""What can be done: the one table of actions, its menus, keys, palette and sheet.

A row is in `action.py`, the rows in `groups`, what they act on in `desk.py`, why something cannot
be done in `reasons.py`. Read `table.py` first.
"""
