"""The Edits since the last save, on the disk.

    journal_file     the append-only file, record by record
    edit_codec       an Edit as bytes, and back
    recover          every journal since the last save, cut where it is torn
    touched          what the journals have touched since the last save

Read `journal_file.py` first. What an Edit means belongs to `core`, when one is written to `app`.
"""
