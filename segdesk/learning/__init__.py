"""Learning from corrected slices, with Keras 3 on whatever backend it is set to.

Runs inside the trainer process only and needs no window: `trainer.run_bundle` takes a bundle's
folder and a reporter. Neighbours: `jobs` owns the folder's form, the messages and the process;
`app.runs.bundling` fills bundles, `running` takes messages; `ops` moves, resamples and measures
slices. The window never imports this room.

Read `trainer.py` first, then `fit.py`. Data go through `geometry` (how a slice meets the network's
shape), `samples` (reading), `order` (which slices make a batch), `augment` and `feed` (threads).
"""
