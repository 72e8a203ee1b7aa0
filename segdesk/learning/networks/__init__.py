"""The networks: pure functions from a shape and a number of classes to a Keras model.

`registry.build` finds one by its id in `core.networks.CATALOGUE`, which holds what can be said
without Keras. To add one: a file here with a `build`, a row in `registry`, a row in the catalogue.
"""
