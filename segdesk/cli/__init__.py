"""The command line and the program's entries: the same `app` as the window.

`main.py` holds the entries and the exit codes, `scans.py` and `learn.py` the commands; how a
command opens a project stands in `projects.py`, what it says in `report.py`. Only `entries.py`
reaches the window and the trainer, each inside one function, so that `segdesk info` starts in a
blink.
"""
