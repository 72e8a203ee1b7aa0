"""The project on disk: one folder, one writer, nothing ever edited in place.

Read `project_folder.py` first: it is the door, and beside it `pack` for one file to carry; nobody
outside this room imports another file of it but for names.

    project_folder   the door: making, opening, masks, journal, saving
    scans, run_files its volumes; its runs and predictions
    index            who may write project.h5, and what an index save has to leave as it was
    saving           one `Save`: new generations of masks, then the new index
    checking         looking through all of it for what is damaged or missing
    new_project, removed
                     the folder of a new project; what a case leaves behind that goes

    pack/            a whole project as one file to carry, and back
    journal/         the Edits since the last save
    parts/           the HDF5 files, one module each
    disk/            what all of them ask of the file system: paths, whole-file replacement, lock

Neighbours: `core` owns the values that are stored here, `app` decides when, `formats` reads and
writes the world's files, `jobs` maps volumes by file and offset. This room must not know Qt, Keras
or the command line.
"""
