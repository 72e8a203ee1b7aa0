"""The Qt window. Talks to `app`, reads `core` values, never changes a mask itself.

Neighbours: `app` owns everything that lasts; this room owns pixels, keys and pointer. Each action
stands once, in `commands`. Read `window/main_window.py` first, then `canvas/slice_view.py`.
"""
