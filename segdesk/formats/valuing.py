"""How a `Stored` becomes a Scan: which numbers are measured, whether they are HU, how they fit.

What is measured is told in `plausible`, the unit in `units`, the arithmetic is `rescale`'s. HU are
kept as whole numbers; where that would lose more than half a HU the scan is refused. Everything
else stays raw with its rescale. Whatever was changed is said.
"""

from __future__ import annotations

from segdesk.core.case import Source
from segdesk.core.volume import Unit
from segdesk.errors import InputError
from segdesk.formats.colour import colour_or_grey
from segdesk.formats.masks import mask_words
from segdesk.formats.plausible import Plausible, plausible, sample
from segdesk.formats.rescale import HIGHEST, IDENTITY, LOWEST, Extent, Rescale, fit
from segdesk.formats.scan import ArrayScan, Scan
from segdesk.formats.stored import Stored
from segdesk.formats.units import UnitChoice, Verdict, judge
from segdesk.sentence import Sentence

#: Fractions that span less than this many HU hold nothing that whole HU could keep.
LEAST_SPAN_HU = 50


def scan_of(stored: Stored, unit: UnitChoice = "") -> Scan:
    """Read the numbers and decide how they become int16.

    Parameters
    ----------
    unit : what a person says that they are; "" leaves it to their peaks. Where these don't tell,
        the scan is raw and has a `doubt`

    Raises
    ------
    InputError
        Where they are damaged or do not fit.
    """
    if stored.is_colour:
        found = colour_or_grey(stored)
        if isinstance(found, Scan):
            if unit == "HU":
                raise InputError(
                    Sentence(
                        "{stored} is a picture in colour; its numbers are no HU.",
                        stored=stored.name,
                    ),
                    "Import it without saying a unit.",
                )
            return found
        stored = found
    try:
        array = stored.read()
        measured = plausible(array, stored.name)
        values = _valued(measured.found, stored.values)
        verdict = Verdict(unit)
        if not unit:
            verdict = Verdict("raw")
            if stored.grid.stacked:
                numbers = measured.clean(sample(array), measured.found.low)
                verdict = judge(numbers * stored.values.slope + stored.values.intercept)
    except MemoryError as error:
        raise InputError(
            Sentence("{stored} does not fit into memory.", stored=stored.name),
            "Close other programs first.",
        ) from error
    if verdict.unit == "HU":
        _check_hu(values, stored.name)
        inner, storing, rescale = stored.values, IDENTITY, IDENTITY
    elif stored.values.slope > 0:
        inner, storing = IDENTITY, fit(measured.found, stored.name)
        rescale = stored.values.after(storing)
    else:
        inner, storing = stored.values, fit(values, stored.name)
        rescale = storing
    # The lowest value is the highest number where the file's slope runs downwards.
    fill = measured.found.low if stored.values.slope > 0 else measured.found.high
    kept: Unit = "HU" if verdict.unit == "HU" else "raw"
    notes = (
        *_padding_note(measured, values),
        *_unit_note(verdict),
        *_rounding_note(kept, values, storing, rescale),
    )
    return ArrayScan(
        array,
        stored.name,
        measured=measured,
        fill=fill,
        values=inner,
        storing=storing,
        grid=stored.grid,
        unit=kept,
        rescale=rescale,
        source=Source(stored.kind, notes=(*stored.notes, *notes), axes=stored.axes),
        doubt="" if verdict.unit else _doubt(stored.name, values),
        mask=mask_words(array, measured.found, stored.values),
    )


def _valued(found: Extent, values: Rescale) -> Extent:
    """The extent after the file's own rescale."""
    if values.is_identity:
        return found
    ends = [end * values.slope + values.intercept for end in (found.low, found.high)]
    whole = found.whole and values.slope.is_integer() and values.intercept.is_integer()
    return Extent(min(ends), max(ends), whole)


def _check_hu(values: Extent, name: str) -> None:
    """Raise InputError where whole HU in 16 bits would not keep the values."""
    span = Sentence(
        "{name} holds values from {low} to {high}",
        name=name,
        low=f"{values.low:g}",
        high=f"{values.high:g}",
    )
    if values.low < LOWEST or values.high > HIGHEST:
        raise InputError(
            Sentence(
                "{span}; HU are kept from {lowest} to {highest}, and coarser steps would "
                "lose more than half a HU.",
                span=span,
                lowest=f"{LOWEST:,}",
                highest=f"{HIGHEST:,}",
            ),
            "Save it once more without the numbers that are no measured HU.",
        )
    if not values.whole and values.high - values.low < LEAST_SPAN_HU:
        raise InputError(
            Sentence("{span}, of which whole HU would keep next to nothing.", span=span),
            "Import its values as raw numbers.",
        )


def _doubt(name: str, values: Extent) -> str:
    return Sentence(
        "The values of {name}, from {low} to {high}, do not tell whether they are HU.",
        name=name,
        low=f"{values.low:g}",
        high=f"{values.high:g}",
    )


def _padding_note(measured: Plausible, values: Extent) -> tuple[str, ...]:
    if not measured.replaced:
        return ()
    count = measured.replaced
    what = (
        Sentence("One voxel that holds")
        if count == 1
        else Sentence("{count} voxels that hold", count=f"{count:,}")
    )
    return (
        Sentence(
            "{what} no measured value ({odd}) became {low}, the lowest of the others.",
            what=what,
            odd=measured.odd,
            low=f"{values.low:g}",
        ),
    )


def _unit_note(verdict: Verdict) -> tuple[str, ...]:
    return (
        (Sentence("The numbers were not taken as HU: {why}.", why=verdict.why),)
        if verdict.why
        else ()
    )


def _rounding_note(
    unit: Unit, values: Extent, storing: Rescale, rescale: Rescale
) -> tuple[str, ...]:
    if unit == "HU":
        return () if values.whole else (Sentence("The values were rounded to whole HU."),)
    if storing.slope == 1:
        return ()
    return (
        Sentence(
            "The values from {low} to {high} are kept in steps of {slope}.",
            low=f"{values.low:g}",
            high=f"{values.high:g}",
            slope=f"{rescale.slope:.3g}",
        ),
    )
