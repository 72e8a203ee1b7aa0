"""Operations: what can be done to a mask without a hand, from window and command line alike.

Each is one file and a line in `catalogue`. It is a pure function of a snapshot and typed options;
locks and provenance are `applying`'s, through `app.labelling.editing`. Read `operation.py` first.
"""
