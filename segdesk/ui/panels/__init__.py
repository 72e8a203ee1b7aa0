"""The docks' contents: cases, segments, layers, this slice, history, training, and the tool bar.

Each panel reads `app`, asks for changes through it, and says by Qt signals what only the window
can do. All have `attach(workbench, view)`, `detach()` and `set_tokens(tokens)`. Read `panel.py`
first.
"""
