"""The Qt window. Talks to `app`, reads `core` values, never changes a mask itself.

Neighbours: `app` owns everything that lasts; this room owns pixels, keys and pointer. Read
`main_window.py` first, then `canvas/slice_view.py`. Each action stands once, in `actions.py`.
"""
