"""`segdesk demo`: the whole journey on phantoms, with a hand of real events or without a screen.

Read `start.py` first, then `walk.py`. The tests sit at the same window (`desk.py`, `hand.py`).
"""
