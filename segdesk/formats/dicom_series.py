"""From headers to volumes: which planes belong together, and what is left out with a note.

Never mixes series, kernels, patients or acquisitions at one place. One odd file, such as a scout
or the same slice sent twice, does not cost the series. Whether planes make a straight stack is
decided in `dicom_stack`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from segdesk.errors import InputError
from segdesk.formats.dicom_guests import without_guests
from segdesk.formats.dicom_header import Header
from segdesk.formats.dicom_stack import Pair, Stack, UnevenSteps, direction_of, stack_of
from segdesk.formats.findings import Finding, Survey, name_files, refusal
from segdesk.sentence import Sentence, listed


@dataclass(frozen=True, slots=True)
class Part:
    """Planes of a series that make one volume.

    Parameters
    ----------
    label : what tells it from the other volumes of its series, such as "acquisition 2", or empty
    pairs : header and plane of each, in no order
    notes : sentences that name no file
    """

    label: str
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...] = ()


def survey_headers(headers: Sequence[Header], others: Sequence[Path] = ()) -> Survey:
    """Volumes, refusals and notes of all the DICOM files that were found.

    Parameters
    ----------
    headers : in the order of the sources
    others : files that are no DICOM; one that looks as if it should have been a slice is named
    """
    volumes: list[tuple[tuple[str, int, str], Finding]] = []
    strays = [header for header in headers if header.problem and not header.planes]
    refused = [refusal("DICOM", (h.path,), h.problem, uid=h.series_uid) for h in strays]
    images = [header for header in headers if header.planes]
    localizers = [header for header in images if header.is_localizer]
    unread = _unread(images, others)
    # A damaged file might have been a slice of a volume beside it, so that is said.
    unread.update({h.path: h.problem.rstrip(".") for h in strays if h.is_damaged})
    notes: list[str] = []
    for series in _grouped([header for header in images if not header.is_localizer]):
        beside = [
            why
            for path, why in unread.items()
            if any(path.parent == header.path.parent for header in series)
        ]
        for finding in _findings_of(series, beside, notes):
            if finding.problem:
                refused.append(finding)
            else:
                first = series[0]
                order = (str(first.path.parent), first.series_number, first.series_uid)
                volumes.append((order, finding))
    if volumes:
        notes.extend(Sentence("{why}, and was left out.", why=why) for why in unread.values())
    else:
        notes.clear()
    if localizers:
        paths = [header.path for header in localizers]
        if volumes:
            verb = (
                Sentence("is a localizer and was")
                if len(paths) == 1
                else Sentence("are localizers and were")
            )
            notes.append(Sentence("{files} {verb} left out.", files=name_files(paths), verb=verb))
        elif not refused:
            refused.append(refusal("DICOM", paths, _only_localizers(paths)))
    volumes.sort(key=lambda pair: pair[0])
    return Survey(tuple(finding for _, finding in volumes), tuple(refused), tuple(notes))


def stack_in(headers: Sequence[Header], label: str) -> Stack:
    """The volume of a series that a survey called by this label, from its files' headers.

    Raises
    ------
    InputError
        Where the files are no longer what they were.
    """
    pairs = [(header, plane) for header in headers for plane in header.planes]
    # Guests among the frames of one object come back with their file.
    parts = _parts_of(without_guests(pairs)[0])
    named = [part for part in parts if len(parts) == 1 or part.label == label]
    if not named:
        raise InputError(
            Sentence(
                "{path} is no longer what it was when it was looked at.", path=headers[0].path.name
            )
        )
    return stack_of(named[0].pairs)


def _only_localizers(paths: list[Path]) -> str:
    if len(paths) == 1:
        return Sentence(
            "{files} is a localizer; there is no volume beside it.",
            files=name_files(paths),
        )
    return Sentence(
        "{files} are localizers; there is no volume beside them.", files=name_files(paths)
    )


def _unread(images: Sequence[Header], others: Sequence[Path]) -> dict[Path, str]:
    """Files that lie among slices and end as they do, but are no DICOM, and what each is."""
    alike = {(header.path.parent, header.path.suffix.lower()) for header in images}
    found = [path for path in others if (path.parent, path.suffix.lower()) in alike]
    return {
        path: Sentence("{file} is no DICOM file", file=path.name)
        if path.stat().st_size
        else Sentence("{file} is empty", file=path.name)
        for path in found
    }


def _grouped(headers: Sequence[Header]) -> list[list[Header]]:
    """Headers by series and kernel; files without a UID by folder, enhanced ones each alone."""
    groups: dict[tuple[str, ...], list[Header]] = {}
    for header in headers:
        if header.series_uid:
            kind = "enhanced" if header.is_enhanced else "series"
            key = (kind, header.series_uid, header.kernel)
        elif header.is_enhanced:
            key = ("enhanced", str(header.path))
        else:
            key = ("folder", str(header.path.parent), header.kernel)
        groups.setdefault(key, []).append(header)
    return list(groups.values())


def _findings_of(
    series: Sequence[Header], beside: Sequence[str], notes: list[str]
) -> list[Finding]:
    """The volumes of one series, or why there are none; adds what was left out to the notes."""
    first = series[0]
    files = [header.path for header in series]
    try:
        _check_whole(series)
        _check_one_patient(series)
        pairs = [(header, plane) for header in series for plane in header.planes]
        pairs, left_out = without_guests(pairs)
        parts = _parts_of(pairs)
    except InputError as error:
        return [refusal("DICOM", files, error.sentence, hint=error.hint, uid=first.series_uid)]
    notes.extend(left_out)
    return [_finding_of(part, beside) for part in parts]


def _check_whole(series: Sequence[Header]) -> None:
    """Refuse the whole series: without its last slice it would pass for a smaller one."""
    cut = [header for header in series if header.problem]
    if len(cut) == 1:
        raise InputError(Sentence.of(cut[0].problem))
    if cut:
        raise InputError(
            Sentence(
                "The pixels of {files} are not all there.",
                files=name_files([h.path for h in cut]),
            )
        )


def _check_one_patient(series: Sequence[Header]) -> None:
    named = [header for header in series if header.identity]
    others = [h.path for h in named if h.identity != named[0].identity]
    if others:
        verb = "belongs" if len(others) == 1 else "belong"
        raise InputError(
            Sentence(
                "The slices of one series name several patients: {files} {verb} to "
                "another than {path}.",
                files=name_files(others),
                verb=verb,
                path=named[0].path.name,
            ),
            "Sort the files by patient first.",
        )


def _finding_of(part: Part, beside: Sequence[str]) -> Finding:
    first = part.pairs[0][0]
    try:
        stack = stack_of(part.pairs)
    except InputError as error:
        sentence = error.sentence
        if beside and isinstance(error, UnevenSteps):
            sentence = Sentence("{what}; {beside}.", what=error.what, beside=listed(beside[:3]))
        files = list(dict.fromkeys(header.path for header, _ in part.pairs))
        return refusal("DICOM", files, sentence, hint=error.hint, uid=first.series_uid)
    shape = stack.grid.shape
    ordered = dict.fromkeys(plane.path for plane in stack.planes)
    return Finding(
        kind="DICOM",
        description=_described(first, part.label),
        kernel=first.kernel.replace("\\", ", "),
        date=first.date,
        uid=first.series_uid,
        shape=shape,
        spacing_mm=stack.grid.spacing_mm,
        nbytes=2 * shape[0] * shape[1] * shape[2],
        files=tuple(ordered),
        key=part.label,
        notes=(*part.notes, *stack.notes),
        series_number=first.series_number,
    )


def _described(first: Header, label: str) -> Sentence:
    """Of one volume among several of a series what tells it apart too, a file's name once."""
    if first.description:
        return Sentence.joined((first.description, label), ", ")
    name = first.path.name
    # What tells objects apart is their names.
    others = label.replace(Sentence("object {name}", name=name), "").strip(", ")
    return Sentence.joined((name, others), ", ")


class _Level(NamedTuple):
    """How that is called by which pieces of a series differ: several, one, and the one without."""

    several: Sentence
    one: Sentence
    none: Sentence


#: What may lie at one place several times within a series, from the widest to the narrowest, and
#: how several, the one of a number and the one without are called.
_LEVELS: tuple[tuple[_Level, Callable[[Pair], str]], ...] = (
    (
        _Level(Sentence("times"), Sentence("time"), Sentence("without time")),
        lambda pair: pair[1].temporal,
    ),
    (
        _Level(Sentence("acquisitions"), Sentence("acquisition"), Sentence("without acquisition")),
        lambda pair: pair[1].acquisition,
    ),
    (
        _Level(Sentence("objects"), Sentence("object"), Sentence("without object")),
        lambda pair: pair[0].path.name if pair[0].is_enhanced else "",
    ),
)


def _parts_of(pairs: Sequence[Pair]) -> list[Part]:
    """Planes at the same places apart by time, acquisition and object; others stay together.

    A number that grows along the table, as a scanner gives that stops for each slice, does not
    part a volume.
    """
    parts = [Part("", tuple(pairs))]
    for level, number_of in _LEVELS:
        parts = [piece for part in parts for piece in _apart(part, level, number_of)]
    return parts


def _apart(part: Part, level: _Level, number_of: Callable[[Pair], str]) -> list[Part]:
    pieces: dict[str, list[Pair]] = {}
    for pair in part.pairs:
        pieces.setdefault(number_of(pair), []).append(pair)
    if len(pieces) == 1 or all(len(piece) == 1 for piece in pieces.values()):
        return [part]
    if _follow_each_other(list(pieces.values())):
        if level.one != "object":
            return [part]
        # Objects with a gap between them are volumes by themselves.
        try:
            stack_of(part.pairs)
        except InputError:
            return _pieces(part, level, pieces, Sentence("that do not join into one"))
        return [
            replace(
                part,
                notes=(
                    *part.notes,
                    Sentence("It was put together from {count} files.", count=len(pieces)),
                ),
            )
        ]
    return _pieces(part, level, pieces, Sentence("at the same places"))


def _pieces(part: Part, level: _Level, pieces: dict[str, list[Pair]], how: str) -> list[Part]:
    note = Sentence(
        "Its series holds {count} {pieces} {how}; each is a volume.",
        count=len(pieces),
        pieces=level.several,
        how=how,
    )
    found: list[Part] = []
    for number in sorted(pieces, key=lambda text: (len(text), text)):
        own = Sentence("{what} {number}", what=level.one, number=number) if number else level.none
        label = Sentence.joined((part.label, own), ", ")
        found.append(Part(label, tuple(pieces[number]), (*part.notes, note)))
    return found


def _follow_each_other(pieces: Sequence[Sequence[Pair]]) -> bool:
    """Whether the pieces' ranges along the normal of the first plane do not overlap."""
    if any(plane.position_mm is None for piece in pieces for _, plane in piece):
        return True
    if pieces[0][0][1].orientation is None:
        return True
    normal = direction_of(pieces[0][0][1])[:, 2]
    ranges: list[tuple[float, float]] = []
    for piece in pieces:
        along = [float(np.dot(plane.position_mm or (), normal)) for _, plane in piece]
        ranges.append((min(along), max(along)))
    ranges.sort()
    return all(before[1] < after[0] for before, after in pairwise(ranges))
