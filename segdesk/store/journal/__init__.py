"""The Edits since the last save, and those that can be undone, on the disk.

    journal_form     the bytes of its head and its records
    journal_file     the append-only file that Edits go to
    journal_contents what such a file holds, up to its first flaw
    record_codec     what a record holds as bytes, and back
    edit_codec       an Edit as bytes, and back; `changes`: each type of change that it can hold
    older            Edits of before the last save that can still be undone
    chain            which journals follow on each other, and which are another copy's
    recover          every journal since the last save, up to where it is torn
    mending          what a crash left of them, cut or set aside
    touched          what the journals have touched since the last save

Read `journal_file.py` first. What an Edit means belongs to `core`, when one is written to `app`.
"""
