"""Which way round a slice is drawn: as readers expect it, however a file stores it. No Qt.

A NIfTI file usually begins at the patient's left and back. Only the drawing is turned: voxels, the
Grid and every (row, column) of tools and Edits stay as stored. `viewport.py` maps places through
it and `layer_items.py` the picture; nothing else has to know.
"""

from __future__ import annotations

from segdesk.core.grid import Grid

#: Letters at the (top, left) edge of axial, coronal and sagittal slices, seen from the feet, the
#: front and the patient's left.
AS_READ = frozenset({("A", "R"), ("S", "R"), ("S", "A")})


def mirrored(grid: Grid) -> tuple[bool, bool]:
    """Whether (rows, columns) are drawn from the last to the first.

    Slices without geometry are drawn as stored, and so are those whose rows and columns are
    swapped: no mirror makes them what a reader expects, and their letters are true as they are.
    """
    _, rows, columns = grid.axis_letters()
    for turn_rows in (False, True):
        for turn_columns in (False, True):
            if (rows[turn_rows], columns[turn_columns]) in AS_READ:
                return turn_rows, turn_columns
    return False, False
