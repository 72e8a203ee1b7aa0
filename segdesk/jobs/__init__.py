"""What passes between the program and the trainer process: messages, bundles, the child itself.

Neighbours: `learning` runs inside the child, `app.training` fills bundles and takes messages,
`store` decides where the run's folder lies. Read `messages.py` first. Nothing here knows Keras, Qt
or HDF5.
"""
