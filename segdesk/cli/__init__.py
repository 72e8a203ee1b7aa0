"""The command line and the program's entries: the same `app` as the window.

`main.py` holds the entries and the exit codes; each other file is a group of commands. Only
`entries.py` reaches the window and the trainer, each inside one function, so that
`segdesk info` starts in a blink.
"""
