"""What passes between the program and its processes: messages, bundles, the children themselves.

Neighbours: `learning` runs inside the child, `app.runs.bundling` fills bundles, `running` takes
messages, `store` decides where the run's folder lies. Read `messages.py` first, then
`trainer_client.py` (the parent's end) and `child.py` (the child's). `errand.py` is for work whose
library may crash. Nothing here knows Keras, Qt or HDF5.
"""
