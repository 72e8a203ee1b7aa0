"""The world's files: scans and labels in, arrays out, patients left outside.

Neighbours: `store` owns the project's own files, `app.files.importing` decides what becomes a case,
`ops` resamples. Read `intake.py` first (the door: survey, open), then `dicom_series.py` (what makes
a volume). Labels come through `labels.py`, files leave through `export.py`, and `privacy.py` lists
what of a patient's file is kept.
"""
