"""Plots with pyqtgraph: the curves of a run. Painting slices is `canvas`, not this."""
