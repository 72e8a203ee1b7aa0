"""project.h5, the index: written anew as a whole, verified, replaced.

What stands in it belongs to `project_codec`, when it is written and by whom to `index`.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from segdesk.core.durable_files import Check, final_name, no_check, write_whole
from segdesk.core.project import Project
from segdesk.core.regular_file import files_below
from segdesk.errors import ProjectError
from segdesk.sentence import Sentence
from segdesk.store.disk.disk_errors import RESTORE, Earlier, reading, writing
from segdesk.store.disk.layout import PREVIOUS_FILE, PROJECT_FILE, VOLUME_FILE
from segdesk.store.parts import hdf5, seal
from segdesk.store.parts.hdf5 import Group, NewGroup
from segdesk.store.parts.project_codec import decode, encode, link_files

FORMAT = "segdesk project"
#: 2 is 1 and what is done after the network of a run, where something is.
VERSION, READ = 2, (1, 2)
#: The first segdesk that reads this version; a newer file says which one it needs.
NEEDS = "0.1"
#: What helps where no index can be read.
#: An index is some kilobytes a case; what is larger is not ours.
_LARGEST = 64 * 1024 * 1024


def write(folder: Path, project: Project, generation: int, check: Check = no_check) -> None:
    """Put a new index in the place of the old one, or leave the old one.

    Parameters
    ----------
    check : asked before the old one is replaced

    Raises
    ------
    ProjectError
        Where the disk refuses.
    ValueError
        Where a mask is named without its SHA-256.
    """
    _check_sums(project)

    def build(root: NewGroup) -> None:
        root.put(format=FORMAT, version=VERSION, needs=NEEDS, generation=generation)
        encode(project, root)
        link_files(project, root)

    def verify(content: bytes) -> None:
        # Byte for byte what was built, as `write_whole` has seen; decoding all of it would double
        # the time that the window waits, and says nothing about the disk.
        with hdf5.open_image(content) as root:
            _check_version(root, folder)

    with writing(Sentence("The index of the project '{name}'", name=final_name(folder))):
        content = seal.sealed(hdf5.image(build), "project")
        path = folder / PROJECT_FILE
        previous = folder / PREVIOUS_FILE if _is_sound(path) else None
        write_whole(path, content, verify, check, previous=previous)


def check_is_project(folder: Path) -> None:
    """Refuse what is no project.

    Raises
    ------
    ProjectError
        Where the folder has no index, nor had one, or nobody can look there.
    """
    with reading(Sentence("The project '{folder}'", folder=_named(folder).name)):
        is_there = folder.exists()
        names = (PROJECT_FILE, PREVIOUS_FILE) if folder.is_dir() else ()
        if any((folder / name).exists() for name in names):
            return
    if holds_cases(folder):
        raise ProjectError(
            Sentence("The index of the project '{folder}' is missing.", folder=_named(folder).name),
            Sentence(
                "{command} makes a new project of what is there.", command=repair_command(folder)
            ),
        )
    if is_there and _is_packed(folder):
        raise ProjectError(
            Sentence(
                "'{folder}' is a packed project: one file to carry.", folder=_named(folder).name
            ),
            Sentence(
                "'segdesk unpack {file} {project}' makes a project of it.",
                file=shlex.quote(str(folder)),
                project=shlex.quote(str(folder.with_suffix(".segdesk"))),
            ),
        )
    raise ProjectError(
        Sentence("'{folder}' is not a project of segdesk.", folder=_named(folder).name)
        if is_there
        else Sentence("'{folder}' is not there.", folder=_named(folder).name),
        Sentence("A project is a folder with a '{project_file}' in it.", project_file=PROJECT_FILE),
    )


def holds_cases(folder: Path) -> bool:
    """Whether scans lie there, of which a project can be made anew."""
    try:
        return bool(files_below(folder / "cases", "*", VOLUME_FILE))
    except OSError:
        return False


def read(folder: Path, name: str = PROJECT_FILE) -> tuple[Project, int]:
    """The project and its generation, as last saved.

    Parameters
    ----------
    name : of the file: the index, or the previous one

    Raises
    ------
    ProjectError
        Where there is none, it is damaged, or a newer segdesk wrote it. The hint says whether the
        previous one is there.
    """
    check_is_project(folder)
    path = folder / name
    what = Sentence("The index of the project '{folder}'", folder=_named(folder).name)
    if name == PREVIOUS_FILE:
        what = Sentence("The previous index of the project '{folder}'", folder=_named(folder).name)
    try:
        content = seal.read(path, "project", most=_LARGEST)
    except Earlier:
        with reading(Sentence("The project '{folder}'", folder=_named(folder).name)):
            raise
    except (OSError, ValueError):
        with reading(what, hint=_way_back(folder, name)):
            raise
    with reading(what), hdf5.open_image(content) as root:
        _check_version(root, folder)
        generation = root.integer("generation")
        if generation < 0:
            raise ValueError(f"expected a generation >= 0, received {generation}")
        project = decode(root)
        if any(not 0 <= case.generation <= generation for case in project.cases):
            raise ValueError("a mask is newer than the project")
        _check_sums(project)
        return project, generation


def _check_sums(project: Project) -> None:
    unsure = [row.id for row in project.cases if bool(row.generation) != bool(row.mask_sha256)]
    if unsure:
        raise ValueError(f"expected a SHA-256 with each mask, received none of {unsure}")


def _way_back(folder: Path, name: str) -> Sentence:
    """What helps where an index cannot be read: nobody but a person goes back to an older one."""
    if name == PROJECT_FILE and _is_sound(folder / PREVIOUS_FILE):
        return Sentence(
            "'{previous_file}' holds the index before it: {command} makes a project of it and of "
            "what is there.",
            previous_file=PREVIOUS_FILE,
            command=repair_command(folder),
        )
    if not holds_cases(folder):
        return RESTORE
    return Sentence(
        "{command} makes a new project of what is there.", command=repair_command(folder)
    )


def repair_command(folder: Path) -> str:
    """What can be typed to make a new project of what is left of one."""
    named = _named(folder)
    made = named.with_name(f"{named.stem}-repaired.segdesk")
    return f"'segdesk check {shlex.quote(str(folder))} --repair {shlex.quote(str(made))}'"


def _named(folder: Path) -> Path:
    """A folder as it was typed; of '.' and '..' only the whole path tells the name."""
    return folder if folder.name not in ("", "..") else folder.resolve()


def _is_packed(path: Path) -> bool:
    try:
        return path.is_file() and seal.is_sealed(path, "pack")
    except OSError:
        return False


def _is_sound(path: Path) -> bool:
    """Whether a sealed index lies there."""
    try:
        seal.read(path, "project", most=_LARGEST)
    except (OSError, ValueError):
        return False
    return True


def _check_version(root: Group, folder: Path) -> None:
    if not root.has("format") or root.text("format") != FORMAT:
        raise ProjectError(
            Sentence("'{folder}' is not a project of segdesk.", folder=_named(folder).name),
            "Its index is another program's file.",
        )
    version = root.integer("version")
    if version > VERSION:
        raise ProjectError(
            Sentence(
                "The project '{folder}' was made by a newer segdesk (format {version}).",
                folder=_named(folder).name,
                version=version,
            ),
            Sentence("Open it with segdesk {version} or newer.", version=root.text("needs")[:20]),
        )
    if version not in READ:
        raise ValueError(f"expected a version of {READ}, received {version}")
