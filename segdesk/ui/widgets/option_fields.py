"""Fields for the typed options of tools and operations, one for each option."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QSlider, QWidget

from segdesk.app.labelling.options import (
    LARGEST_SIZE_MM,
    SIZE_STEP,
    Options,
    Size,
    Switch,
    rounded,
)
from segdesk.ui.look.as_written import tip
from segdesk.ui.look.sizes import scaled
from segdesk.ui.look.theme import GRID
from segdesk.ui.look.translations import tr, translated
from segdesk.ui.widgets.number_field import NumberField

#: The slider runs over the logarithm of a size, so that small ones have room.
SLIDER_STEPS = 1000


class Holder(Protocol):
    """Who has the values."""

    @property
    def options(self) -> Options: ...

    @property
    def size_range(self) -> tuple[float, float]: ...

    @property
    def size_unit(self) -> str: ...

    def set_size(self, size: Size, millimetres: float, /) -> None: ...

    def set_switch(self, switch: Switch, is_on: bool, /) -> None: ...


class Field(Protocol):
    """What shows and sets one option."""

    @property
    def widgets(self) -> Sequence[QWidget]: ...

    def show_of(self, holder: Holder) -> None:
        """Show the value that it has."""
        ...


def field_of(option: Size | Switch, holder: Callable[[], Holder | None]) -> Field:
    """The field of an option.

    Parameters
    ----------
    holder : gives who has its value now, or None
    """
    return SizeField(option, holder) if isinstance(option, Size) else SwitchField(option, holder)


class SizeField:
    """A slider and a number in mm."""

    def __init__(self, size: Size, holder: Callable[[], Holder | None]) -> None:
        self._size, self._holder = size, holder
        name = translated(size.name)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName(f"{size.id.removesuffix('_mm')}_slider")
        self._slider.setRange(0, SLIDER_STEPS)
        self._slider.setFixedWidth(scaled(20 * GRID))
        self._slider.valueChanged.connect(self._slid)
        self._number = NumberField(size.id, 1.0, LARGEST_SIZE_MM, size.start, ratio=SIZE_STEP)
        self._number.setFixedWidth(scaled(25 * GRID))
        self._number.changed.connect(self._typed)
        keys = tr("{name}: Shift+wheel, [ and ]", name=name)
        self._slider.setAccessibleName(name)
        self._slider.setToolTip(tip(keys))
        self._number.setAccessibleName(tr("{name} in mm", name=name))
        self._number.set_tip(tip(keys))

    @property
    def widgets(self) -> Sequence[QWidget]:
        return self._slider, self._number

    def show_of(self, holder: Holder) -> None:
        size_mm, limits = holder.options[self._size], holder.size_range
        self._number.set_range(*limits)
        self._number.set_unit(f" {holder.size_unit}")
        self._number.follow(size_mm)
        with QSignalBlocker(self._slider):
            self._slider.setValue(_to_slider(size_mm, limits))

    def _slid(self, at: int) -> None:
        holder = self._holder()
        if holder is not None:
            holder.set_size(self._size, _from_slider(at, holder.size_range))

    def _typed(self, millimetres: float) -> None:
        holder = self._holder()
        if holder is not None:
            holder.set_size(self._size, millimetres)


class SwitchField:
    """A check box."""

    def __init__(self, switch: Switch, holder: Callable[[], Holder | None]) -> None:
        self._switch, self._holder = switch, holder
        name = translated(switch.name)
        self._box = QCheckBox(name)
        self._box.setObjectName(switch.id)
        self._box.setAccessibleName(name)
        self._box.setToolTip(tip(translated(switch.tip)))
        self._box.clicked.connect(self._turned)

    @property
    def widgets(self) -> Sequence[QWidget]:
        return (self._box,)

    def show_of(self, holder: Holder) -> None:
        self._box.setChecked(holder.options[self._switch])

    def _turned(self, is_on: bool) -> None:
        holder = self._holder()
        if holder is not None:
            holder.set_switch(self._switch, is_on)


def _to_slider(millimetres: float, limits: tuple[float, float]) -> int:
    low, high = limits
    millimetres = min(max(millimetres, low), high)
    return round(SLIDER_STEPS * math.log(millimetres / low) / math.log(high / low))


def _from_slider(at: int, limits: tuple[float, float]) -> float:
    low, high = limits
    return rounded(low * (high / low) ** (at / SLIDER_STEPS))
