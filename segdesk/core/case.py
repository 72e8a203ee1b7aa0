"""One scan of one patient as the project knows it: the `Case`, without its arrays."""

from __future__ import annotations

from dataclasses import dataclass

from segdesk.core.grid import Grid
from segdesk.core.split import Pool
from segdesk.core.status import SliceStatus
from segdesk.core.volume import Unit
from segdesk.core.window import Window

#: Of each axis of a volume (slice, row, column) the axis of its file: (0, 1, 2) as stored there.
Axes = tuple[int, int, int]
AS_STORED: Axes = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a case came from: the provenance of the import.

    Parameters
    ----------
    kind : "DICOM", "NIfTI", "Analyze", "NRRD", "MetaImage", "TIFF", "PNG", "array" or "phantom"
    tags : kept tags as (keyword, value), those that `docs/privacy.md` lists and no other
    notes : sentences that the import said
    series : salted hash of the series UID, or empty
    axes : how the volume's axes lie in the file; exports go back to the file's order
    """

    kind: str
    tags: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    series: str = ""
    axes: Axes = AS_STORED


#: Of arrays that no file has given.
UNKNOWN = Source("array")


@dataclass(frozen=True, slots=True)
class Case:
    """A case in the project's index. Frozen; the Workbench replaces it.

    Parameters
    ----------
    id : "case-001" or the name that the import gave; a safe file name
    grid, unit, slope, intercept, fingerprint : of the volume
    stored_min, stored_max : smallest and largest stored int16
    patient : salted hash of the patient's identity, or the case's id
    pool : set by hand; None: the split decides
    window : the file's own, in values
    statuses : one for each slice, as of the last save
    complete : for each slice the segments that it is complete for, as of the last save
    generation : of the newest annotation file; 0 where nothing was ever drawn
    mask_sha256 : of that file, in hex; "" where there is none
    predictions : ids of the runs that predicted it, the oldest first
    pool_reasons : why the pool was changed after a training, the oldest first
    name : what a reader calls it; empty: its id. Files and records go by the id
    """

    id: str
    grid: Grid
    unit: Unit
    fingerprint: str
    stored_min: int
    stored_max: int
    source: Source
    slope: float = 1.0
    intercept: float = 0.0
    patient: str = ""
    pool: Pool | None = None
    window: Window | None = None
    statuses: tuple[SliceStatus, ...] = ()
    complete: tuple[frozenset[int], ...] = ()
    generation: int = 0
    predictions: tuple[str, ...] = ()
    pool_reasons: tuple[str, ...] = ()
    name: str = ""
    mask_sha256: str = ""

    @property
    def title(self) -> str:
        """What it is called on the screen."""
        return self.name or self.id

    @property
    def slices(self) -> int:
        return self.grid.shape[0]

    @property
    def patients(self) -> tuple[str, ...]:
        """Who its slices belong to in the split, each once."""
        return tuple(map(self.patient_of, range(1 if self.grid.stacked else self.slices)))

    def patient_of(self, index: int) -> str:
        """Who a slice belongs to in the split: independent slices count as one patient each."""
        patient = self.patient or self.id
        return patient if self.grid.stacked else f"{patient}/{index}"
