"""The HDF5 files of a project, one module each, and what they are built from.

    hdf5             the only file that names h5py: strict reading, clean failing
    project_file     project.h5 whole: written anew, verified, replaced
    seal             the first bytes of every file, checked before HDF5 sees it; target: what HDF5
                     writes to
    project_codec    a `Project` as HDF5 groups, and back; case_codec, run_codec, complete_codec and
                     value_codec are its parts
    volume_file      volume.h5: written once, then memory-mapped
    plane_file       files of uint8 planes; annotation_file and prediction_file build on it

Read `hdf5.py` first. When a file is written belongs to the rooms above, how it reaches the disk to
`disk`.
"""
