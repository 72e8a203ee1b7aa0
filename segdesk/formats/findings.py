"""What a look at the world's files gives: `Finding` and `Survey`, before any voxel is decoded.

`intake` fills them, `dicom_series`, `images`, `arrays` and `pictures` make them; the importing
room shows them and gives one back to `intake.open_scan`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from segdesk.core.printable import printable
from segdesk.errors import Cancelled
from segdesk.sentence import Sentence

#: A sentence for people, how many are done, how many there are.
ProgressFn = Callable[[str, int, int], None]
#: True where the user asked to stop.
CancelFn = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """One volume that was found, or why what was found is none.

    Parameters
    ----------
    kind : as `core.case.Source.kind`
    description : the series' description or the file's name; for the screen, never stored
    kernel : of the reconstruction, or empty
    date : of the study, ISO, or empty; for the screen, never stored
    uid : series instance UID, or empty; for the screen and the choice, stored as a salted hash
    shape : (slices, rows, columns)
    spacing_mm : (slice, row, column), or None without geometry
    nbytes : disk that its voxels need
    files : in the order of the slices
    key : array in a .npz, dataset in a .h5, which volume of a DICOM series, or empty
    problem : one sentence that names the files where it cannot be imported, or empty
    hint : the next step after the problem, or empty
    notes : sentences that are true of the import
    series_number : of the series in its study, or None
    is_colour : its values are red, green and blue, which nobody has to be asked about
    """

    kind: str
    description: str
    kernel: str
    date: str
    uid: str
    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float] | None
    nbytes: int
    files: tuple[Path, ...]
    key: str = ""
    problem: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    series_number: int | None = None
    is_colour: bool = False

    @property
    def refusal(self) -> str:
        """The problem and the next step, for people."""
        return Sentence.joined((self.problem, self.hint))

    @property
    def named_refusal(self) -> Sentence:
        """The refusal among others: with the folder, and a file where it names none."""
        if not self.files:
            return Sentence.of(self.refusal)
        file = self.files[0]
        if any(one.name in self.problem for one in self.files):
            return Sentence(
                "{folder}: {problem}", folder=printable(file.parent.name), problem=self.refusal
            )
        return Sentence(
            "{folder}/{file}: {problem}",
            folder=printable(file.parent.name),
            file=printable(file.name),
            problem=self.refusal,
        )


@dataclass(frozen=True, slots=True)
class Survey:
    """All that was found in some sources.

    Parameters
    ----------
    volumes : can be imported, in an order that only depends on the sources
    refused : cannot, each with its problem
    notes : such as a localizer beside a volume
    """

    volumes: tuple[Finding, ...]
    refused: tuple[Finding, ...]
    notes: tuple[str, ...]


def refusal(
    kind: str, files: Sequence[Path], problem: str, *, hint: str = "", uid: str = ""
) -> Finding:
    """A Finding that says why these files are no volume."""
    name = files[0].name if files else ""
    nothing = (0, 0, 0)
    return Finding(
        kind, name, "", "", uid, nothing, None, 0, tuple(files), problem=problem, hint=hint
    )


def name_files(files: Sequence[Path], *, most: int = 3) -> str:
    """File names for a sentence: the first few and how many more there are."""
    return listed_names([file.name for file in files], most=most)


def listed_names(all_names: Sequence[str], *, most: int = 3) -> str:
    """Names of files or frames for a sentence, as `name_files`."""
    names = list(all_names[:most])
    more = len(all_names) - len(names)
    if more:
        return Sentence("{names} and {count} more", names=", ".join(names), count=more)
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def check_cancelled(cancelled: CancelFn | None) -> None:
    """Raise `Cancelled` where the user asked to stop."""
    if cancelled is not None and cancelled():
        raise Cancelled
