"""A job's frozen input as a folder: the `Bundle`.

    runs/ID/bundle/
      manifest.json               everything below as one JSON object
      targets.bin                 for each slice the class index of each voxel, 255 ignore; see
                                  `targets_file`
      start.npz                   weights to begin with that lie outside of the project
      predictions/                the trainer's answers: CASE-labels.npy, CASE-probability.npy

Volumes are named by file, offset, shape and dtype, so that the trainer reads them and never opens
the project. In the manifest every path is relative to a root, the project's folder, and the root is
so many folders up from the bundle's: a copy of the project is worked on where it lies, and a bundle
that lies elsewhere is given its root. `app.runs.bundling` writes a bundle, `learning.trainer` reads
it; it is deleted when the run ends, or kept where that can go on (`kept_bundle`).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from segdesk.core.durable_files import lasting_folder, write_whole
from segdesk.core.refinement import Refinement, refinement_of
from segdesk.core.regular_file import check_no_link, open_regular
from segdesk.core.run import Intensities, Plan
from segdesk.core.split import Fold, Pool
from segdesk.core.volume import Unit, Voxels, stored_shape, stored_type
from segdesk.errors import TrainingError
from segdesk.jobs.targets_file import Packed, TargetsWriter
from segdesk.sentence import Sentence

VERSION = 7
MANIFEST = "manifest.json"
TARGETS = "targets.bin"
START = "start.npz"
#: A manifest lists slices, nothing else that grows; what is larger is not ours.
LARGEST = 64 * 1024 * 1024
#: In a target: this voxel teaches nothing.
IGNORE = 255


@dataclass(frozen=True, slots=True)
class VolumeRef:
    """Where a case's voxels lie.

    Parameters
    ----------
    case : id
    file : absolute path; offset : bytes to the first voxel; shape : (slices, rows, columns);
        as `core.volume` has the unit stored, C order
    slope, intercept, unit : value = stored * slope + intercept
    pixel_mm : (row, column) or None without geometry
    slice_mm : from slice to slice, or None where slices are independent
    """

    case: str
    file: str
    offset: int
    shape: tuple[int, int, int]
    slope: float
    intercept: float
    unit: Unit
    pixel_mm: tuple[float, float] | None
    slice_mm: float | None = None

    def open(self) -> Voxels:
        """The voxels as a read-only memory map."""
        kind, shape = stored_type(self.unit), stored_shape(self.shape, self.unit)
        with open_regular(Path(self.file)) as file:
            return np.memmap(file, dtype=kind, mode="r", offset=self.offset, shape=shape)


@dataclass(frozen=True, slots=True)
class Lesson:
    """The slices of one case and pool that teach or validate.

    Parameters
    ----------
    case : id, has a VolumeRef
    pool : "train" or "validation"
    slices : indices, in the order of the file's first axis
    targets : where each of them lies in the bundle's file of targets
    digest : of the slices' numbers, the targets and the incompleteness, for the Run
    incomplete : for each slice the classes that it is not complete for, ascending: where the
        target says background, it may be one of them.
    """

    case: str
    pool: Pool
    slices: tuple[int, ...]
    targets: tuple[Packed, ...]
    incomplete: tuple[tuple[int, ...], ...]
    digest: str = ""

    def __post_init__(self) -> None:
        if not len(self.incomplete) == len(self.targets) == len(self.slices):
            raise ValueError(
                f"expected a row of classes and a target for each of {len(self.slices)} slices, "
                f"received {len(self.incomplete)} and {len(self.targets)}"
            )


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """How the network of a run is built, and where its weights lie.

    Parameters
    ----------
    network, filters : of its Plan
    built_for : (rows, columns) that it was first built for
    segments : (number, name) of class 1, 2, …; of a start, number 0 for none of the project's
    weights : absolute path of the file
    epoch : that they are of
    sha256 : of the file, as the Run keeps it
    channels : of the slices that it learnt from: 1, or 3 in colour or with neighbours
    refinements : what is done to its answers, as its Run has it
    neighbours_mm : of its Plan
    step : after which the weights were those; 0 where nobody knows
    """

    network: str
    filters: int
    built_for: tuple[int, int]
    segments: tuple[tuple[int, str], ...]
    weights: str
    epoch: int
    sha256: str
    channels: int = 1
    refinements: tuple[Refinement, ...] = ()
    neighbours_mm: float = 0.0
    step: int = 0

    @property
    def path(self) -> Path:
        return Path(self.weights)


@dataclass(frozen=True, slots=True)
class Rival:
    """The run in use, to be measured on the validation slices at the training's end.

    Parameters
    ----------
    run : id
    trained : its network
    intensities, pixel_mm, input_shape : its own, as its Run has them
    """

    run: str
    trained: TrainedNetwork
    intensities: Intensities
    pixel_mm: tuple[float, float] | None
    input_shape: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Bundle:
    """Everything that a training, or a prediction alone, needs.

    Parameters
    ----------
    run : id
    run_folder : absolute; what is written there has its names from `RunPaths`
    identity : of that folder, so that no other one is taken for it (`core.place`); None where
        nobody knows it
    plan : the settings
    segments : (number, name) of class 1, 2, …; class 0 is background
    partners : (number, number) of left/right partners, swapped by a mirrored augmentation
    train : False where only predictions are wanted, by `own`
    volumes, lessons : the data
    predict : ids of the cases to predict at the end, each with a VolumeRef; a training predicts
        them only where it has learnt something and is not worse than the rival
    intensities : how values become [0, 1]
    pixel_mm, input_shape : of the trained run when `train` is False, else of `start`
    own : what the run that only predicts has learnt, or None
    resumes : a training goes on from its newest checkpoint
    start : what is fine-tuned, or None
    preview : (case, slice) to propose first; where nothing is trained or predicted it is proposed
        alone, a look; or None
    rival : the run in use, or None where there is none
    split_seed : that the patients were dealt out by
    fold : of the patients, that validates; None where the project's pool does
    """

    run: str
    run_folder: str
    plan: Plan
    segments: tuple[tuple[int, str], ...]
    intensities: Intensities
    volumes: tuple[VolumeRef, ...]
    lessons: tuple[Lesson, ...] = ()
    predict: tuple[str, ...] = ()
    partners: tuple[tuple[int, int], ...] = ()
    train: bool = True
    pixel_mm: tuple[float, float] | None = None
    input_shape: tuple[int, int] = (0, 0)
    own: TrainedNetwork | None = None
    resumes: bool = False
    start: TrainedNetwork | None = None
    preview: tuple[str, int] | None = None
    rival: Rival | None = None
    identity: tuple[int, int] | None = None
    split_seed: int = 0
    fold: Fold | None = None

    def volume(self, case: str) -> VolumeRef:
        for volume in self.volumes:
            if volume.case == case:
                return volume
        raise ValueError(f"expected a volume for case={case}")


def write(bundle: Bundle, folder: Path, root: Path) -> None:
    """Write the manifest; the targets are put beside it with `targets_writer` before.

    Parameters
    ----------
    bundle : its paths lie below the root
    folder : below the root too
    root : absolute; the folder that has everything, without links

    Raises
    ------
    TrainingError
        Where the disk refuses.
    ValueError
        Where a path does not lie below the root.
    """
    try:
        _make(folder)
        fields = _fields(_moved(bundle, lambda path: Path(path).relative_to(root).as_posix()))
        up = "/".join(".." for _ in folder.resolve().relative_to(root).parts)
        text = json.dumps({"version": VERSION, "root": up, **fields}, separators=(",", ":"))
        # What a run needs to predict is known from here where the program is cut off.
        write_whole(folder / MANIFEST, text.encode(), json.loads)
    except OSError as error:
        raise refused(error) from error


def targets_writer(folder: Path) -> TargetsWriter:
    """What writes the targets of a bundle; what was there of another one is gone.

    Raises
    ------
    OSError
        Where the disk refuses, here and when it writes: `refused` makes a sentence of it.
    """
    _make(folder)
    return TargetsWriter(folder / TARGETS)


def refused(error: OSError) -> TrainingError:
    """The disk does not take a bundle."""
    return TrainingError(
        Sentence(
            "The training's input could not be written: {reason}.",
            reason=error.strerror or Sentence("the system refused"),
        ),
        "Free some disk space.",
    )


def read(folder: Path, root: Path | None = None) -> Bundle:
    """Read a bundle's manifest.

    Parameters
    ----------
    root : of its paths, where that is not the folder that the manifest names; nothing is known of
        the identity of the run's folder there

    Returns
    -------
    With absolute paths.

    Raises
    ------
    TrainingError
        Where it is missing, damaged or of another version.
    """
    unreadable = Sentence("The training's input in '{folder}' cannot be read.", folder=folder.name)
    try:
        with open_regular(check_no_link(folder.parent, folder / MANIFEST)) as file:
            text = file.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise ValueError("a manifest is smaller")
        fields: dict[str, Any] = json.loads(text)
        version = fields.pop("version", None)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise TrainingError(unreadable) from error
    if version != VERSION:
        raise TrainingError("The training's input was written by another version of segdesk.")
    try:
        up = PurePosixPath(fields.pop("root"))
        if set(up.parts) - {".."}:
            raise ValueError("a root that is not above")
        bundle = _bundle(fields)
        if root is not None:
            bundle = replace(bundle, identity=None)
        home = (folder / up if root is None else root).resolve()
        return _moved(bundle, lambda path: str(home / _below(path)))
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(unreadable) from error


def _fields(bundle: Bundle) -> dict[str, Any]:
    # Of a hundred thousand slices `asdict` makes copies for twenty seconds.
    lessons = [
        {field.name: getattr(lesson, field.name) for field in dataclasses.fields(lesson)}
        for lesson in bundle.lessons
    ]
    return asdict(replace(bundle, lessons=())) | {"lessons": lessons}


def _moved(bundle: Bundle, move: Callable[[str], str]) -> Bundle:
    """A bundle with other paths."""

    def trained(row: TrainedNetwork | None) -> TrainedNetwork | None:
        return None if row is None else replace(row, weights=move(row.weights))

    rival = bundle.rival
    if rival is not None:
        rival = replace(rival, trained=replace(rival.trained, weights=move(rival.trained.weights)))
    return replace(
        bundle,
        run_folder=move(bundle.run_folder),
        volumes=tuple(replace(row, file=move(row.file)) for row in bundle.volumes),
        own=trained(bundle.own),
        start=trained(bundle.start),
        rival=rival,
    )


def _below(path: str) -> PurePosixPath:
    """A path of a manifest: it leads nowhere but below its root, on any system."""
    found = PurePosixPath(path)
    if found.is_absolute() or ".." in found.parts or "\\" in path or ":" in path:
        raise ValueError("a path that is not below the root")
    return found


def _make(folder: Path) -> None:
    check_no_link(folder.parent, folder)
    lasting_folder(folder)


def _bundle(fields: dict[str, Any]) -> Bundle:
    return Bundle(
        run=fields["run"],
        run_folder=fields["run_folder"],
        plan=Plan(**fields["plan"]),
        segments=_pairs(fields["segments"]),
        intensities=Intensities(**fields["intensities"]),
        volumes=tuple(_volume(row) for row in fields["volumes"]),
        lessons=tuple(
            Lesson(
                row["case"],
                row["pool"],
                tuple(row["slices"]),
                tuple(_packed(*target) for target in row["targets"]),
                tuple(tuple(classes) for classes in row["incomplete"]),
                row["digest"],
            )
            for row in fields["lessons"]
        ),
        predict=tuple(fields["predict"]),
        partners=_pairs(fields["partners"]),
        train=fields["train"],
        pixel_mm=_optional(fields["pixel_mm"]),
        input_shape=tuple(fields["input_shape"]),
        own=_trained_or_none(fields["own"]),
        resumes=fields["resumes"],
        start=_trained_or_none(fields["start"]),
        preview=_optional(fields["preview"]),
        rival=None if fields["rival"] is None else _rival(fields["rival"]),
        identity=_optional(fields["identity"]),
        split_seed=fields["split_seed"],
        fold=None if fields["fold"] is None else Fold(*fields["fold"]),
    )


def _packed(offset: int, length: int, crc: int, counts: list[list[int]]) -> Packed:
    return Packed(offset, length, crc, _pairs(counts))


def _rival(row: dict[str, Any]) -> Rival:
    return Rival(
        run=row["run"],
        trained=_trained(row["trained"]),
        intensities=Intensities(**row["intensities"]),
        pixel_mm=_optional(row["pixel_mm"]),
        input_shape=tuple(row["input_shape"]),
    )


def _trained(row: dict[str, Any]) -> TrainedNetwork:
    row["built_for"] = tuple(row["built_for"])
    row["segments"] = _pairs(row["segments"])
    row["refinements"] = tuple(refinement_of(fields) for fields in row["refinements"])
    return TrainedNetwork(**row)


def _trained_or_none(row: dict[str, Any] | None) -> TrainedNetwork | None:
    return None if row is None else _trained(row)


def _volume(row: dict[str, Any]) -> VolumeRef:
    row["shape"] = tuple(row["shape"])
    row["pixel_mm"] = _optional(row["pixel_mm"])
    return VolumeRef(**row)


def _pairs(rows: list[list[Any]]) -> tuple[tuple[Any, Any], ...]:
    return tuple((first, second) for first, second in rows)


def _optional(row: list[Any] | None) -> Any:
    return None if row is None else tuple(row)
