"""One file to carry: a whole project as one HDF5 file, and back.

    contents   what stands where in the file, and what goes into it
    layers     planes of a scan, packed slice by slice and read back against their checksums
    write      project -> file: written beside, verified, renamed
    read       the file as a stranger's: sealed, no links, every checksum
    unpacker   file -> project folder: built beside, renamed; by a process of its own
    unpacking  that process; what it does stands in unpack

Read `contents.py` first. `docs/format.md` describes the file for people with h5py or MATLAB. Which
cases and runs go in is decided in `app.project.packing`.
"""
