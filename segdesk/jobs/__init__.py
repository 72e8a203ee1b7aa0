"""What passes between the program and the trainer process: messages, bundles, the child itself.

Neighbours: `learning` runs inside the child, `app.training` fills bundles and takes messages,
`store` decides where the run's folder lies. Read `messages.py` first, then `trainer_client.py` (the
parent's end) and `child.py` (the child's). Nothing here knows Keras, Qt or HDF5.
"""
