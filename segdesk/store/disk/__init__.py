"""What every file of a project asks of the file system.

    layout, names    where things lie; which ids are safe names; that nothing leads out
    lock             the one writer
    guard            whether this process may write, asked before each write
    disk_errors        faults of the disk and of HDF5 as sentences

Read `layout.py` first. What stands in the files belongs to `parts` and `journal`; that they appear
whole or not at all is `core.durable_files`.
"""
