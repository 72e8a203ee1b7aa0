"""The open project and what can be done with it, without Qt.

The window and the command line call this room and nothing below it for anything that changes.
Neighbours: `ui` draws and passes input down, `store` owns the disk, `formats` the world's files,
`jobs` the trainer process. Read `project/workbench.py` first, then `labelling/editing.py`.
"""
