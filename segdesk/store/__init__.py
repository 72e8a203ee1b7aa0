"""The project on disk: one folder, one writer, nothing ever edited in place.

Read `project_folder.py` first: it is the door, and nobody outside this room imports another file
of it.

    project_folder   the door: making, opening, volumes, masks, journal, saving, predictions
    index            who may write project.h5, and what an index save has to leave as it was
    project_file     project.h5 whole: written anew, verified, replaced
    project_codec    a `Project` as HDF5 groups, and back; run_codec and value_codec are its parts
    saving           one `Save`: new generations of masks, then the new index
    volume_file      volume.h5: written once, then memory-mapped
    plane_file       HDF5 files of uint8 planes; annotation_file and prediction_file build on it
    journal          the append-only file of Edits; edit_codec gives an Edit its bytes
    recover          every journal since the last save, cut where it is torn
    touched          what the journals have touched since the last save
    hdf5             the only file that names h5py: strict reading, clean failing
    layout, names    where things lie; which ids are safe names
    replace, lock, translate
                     whole-file replacement, the one writer, errors as sentences

Neighbours: `core` owns the values that are stored here, `app` decides when, `formats` reads and
writes the world's files, `jobs` maps volumes by file and offset. This room must not know Qt, Keras
or the command line.
"""
