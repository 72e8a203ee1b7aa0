"""Image operations and figures on plain arrays: what the tools, the trainer and the tables compute.

Neighbours: `core` owns the words (`Box`, `Grid`), `app.labelling.tools` decides which gesture calls
what, `app.labelling.editing` turns a region into a Patch under the locks, `ui` draws. Nothing here
changes an array that it is given, knows of projects or touches disk. This is the only room that
imports SciPy and scikit-image; modules on the start-up path (`paint`, `polygon`) do without them.

Read `paint.py` first: it sets the coordinates (voxel centres at integers, millimetres on the
patient) and the `Region` that the other tools return.
"""
