"""The view of one case, plane by plane, with its layers, and the status strip beside it.

`slice_view.py` is the widget, and where events come in; read it first. `changes.py` hears what
changed and marks what is stale, `drawing.py` draws it: `scene.py` and `layer_items.py` keep the
picture, `overlays.py` and `corner_texts.py` what is written over it, `hover.py` and `cursor.py`
what goes with the pointer. `placement.py` says where the slice lies, `viewport.py` maps voxels to
pixels. `pointer.py` and `drags.py` turn the mouse into gestures, `keys.py` keys into actions,
`status_strip.py` is the column of slices beside the view. Which way round a plane is drawn is
`core.plane`'s.

Neighbours: `app.labelling.tools` decides what a gesture means, `ops.blend` how layers mix,
`ui.commands.table` which keys there are. Nothing here changes a mask itself.
"""
