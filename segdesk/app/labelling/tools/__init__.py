"""Tools: what a press, a move and a release on the canvas mean. No Qt.

Each is one file and a line in `toolbox`. `ui.canvas.pointer` turns pixels into (row, column) and
calls these; they paint through `app.labelling.editing`. Read `tool.py` first.
"""
