"""The main window: its pages, its toolbar and status line, and how everything is put together.

Neighbours: `commands` is what can be done, `flows` how what takes time is done, `panels` what
stands around the image. Read `main_window.py` first; `shown_project.py` is what is seen of the open
project, `messages.py` where each sentence goes.
"""
