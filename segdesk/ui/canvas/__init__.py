"""The view of one case, plane by plane, with its layers, and the status strip beside it.

`slice_view.py` joins the parts; read it first. `viewport.py` maps voxels to pixels,
`layer_items.py` keeps the picture, `overlays.py` and `corner_texts.py` what is written over it,
`cursor.py` the brush's outline, `pointer.py` and `drags.py` turn the mouse into gestures, `keys.py`
keys into actions, `status_strip.py` is the column of slices beside the view. Which way round a
plane is drawn is `core.plane`'s.

Neighbours: `app.labelling.tools` decides what a gesture means, `ops.blend` how layers mix,
`ui.commands.table` which keys there are. Nothing here changes a mask itself.
"""
