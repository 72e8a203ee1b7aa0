"""What is drawn: boxes of a stroke like a full paint, letters, layers, status, value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import cast

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QCursor, QFont, QImage, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segdesk.app.labelling import reviewing
from segdesk.app.project.workbench import Workbench
from segdesk.app.screen.view_state import ViewState
from segdesk.core.grid import Grid
from segdesk.core.status import SliceStatus
from segdesk.core.window import Window
from segdesk.ui.canvas import corner_texts
from segdesk.ui.canvas.overlays import EDGE, Overlays, reading_rectangle
from segdesk.ui.canvas.slice_view import SliceView
from segdesk.ui.canvas.voxel_under import Under
from segdesk.ui.look.theme import DARK, LIGHT
from tests.ui.canvas.bench_project import CASE, add_case, draw, predict
from tests.ui.canvas.mouse import LEFT, drag, move, move_to, press, release

SHAPE = (40, 60)


class WatchedView(SliceView):
    """Remembers how many pixels each paint was asked for."""

    def __init__(self, workbench: Workbench, view: ViewState) -> None:
        self.pixels: list[int] = []
        super().__init__(workbench, view, view.pane, DARK)

    def paintEvent(self, event: QPaintEvent) -> None:
        self.pixels.append(sum(area(rect) for rect in cast("Iterable[QRect]", event.region())))
        super().paintEvent(event)


@pytest.fixture
def watched(workbench: Workbench, view: ViewState, qtbot: QtBot) -> WatchedView:
    watched = WatchedView(workbench, view)
    qtbot.addWidget(watched, before_close_func=WatchedView.detach)
    watched.resize(701, 603)
    watched.show()
    qtbot.waitExposed(watched)
    QApplication.processEvents()
    return watched


def swatches(image: QImage) -> list[str]:
    """Colours below each other where the legend of a difference has its patches."""
    found: list[str] = []
    for y in range(45, 120):
        name = image.pixelColor(EDGE + 1, y).name()
        if name in (DARK.false_positive, DARK.false_negative) and name not in found[-1:]:
            found.append(name)
    return found


def test_a_difference_has_its_legend_over_the_image(
    watched: WatchedView, workbench: Workbench, view: ViewState
) -> None:
    predict(workbench, checkers())
    view.display.set_layers(style="difference")
    both = [DARK.false_positive, DARK.false_negative, DARK.false_positive]
    assert swatches(on_screen(watched)) == both
    watched.peek(True)
    assert swatches(on_screen(watched)) == []
    watched.peek(False)
    view.display.set_layers(style="fill")
    assert swatches(on_screen(watched)) == []


@pytest.mark.parametrize("style", ["fill", "outline", "difference"])
@pytest.mark.parametrize("zoom", [0.15, 0.3, 1.0, 2.37, 6.0])
def test_the_boxes_of_a_stroke_leave_the_same_pixels_as_a_full_paint(
    watched: WatchedView, workbench: Workbench, view: ViewState, zoom: float, style: str
) -> None:
    predict(workbench, checkers())
    # Labels all over, so that a dab gives outlines to voxels that it does not touch.
    draw(workbench, 3, np.full(SHAPE, 2))
    view.display.set_layers(style=style)
    watched.set_viewport(watched.viewport.zoomed(zoom, 340.3, 290.9))
    view.hand.use_tool("brush")
    move(watched, (20, 30))
    QApplication.processEvents()
    watched.pixels.clear()
    press(watched, (20, 30))
    for column in (32, 35, 33.4, 28):
        move(watched, (21.3, column), LEFT)
        QApplication.processEvents()
    in_parts = on_screen(watched)
    parts_painted = max(watched.pixels)
    view.display.set_layers(shown=False)
    QApplication.processEvents()
    view.display.set_layers(shown=True)
    assert on_screen(watched) == in_parts
    if zoom <= 1:
        assert parts_painted < 0.35 * area(watched.rect())
    release(watched, (21.3, 28))


def test_many_moves_between_two_paints_cost_one_paint(
    watched: WatchedView, view: ViewState
) -> None:
    view.hand.use_tool("brush")
    press(watched, (20, 20))
    QApplication.processEvents()
    watched.pixels.clear()
    for column in range(20, 40):
        move(watched, (20, column), LEFT)
    QApplication.processEvents()
    assert len(watched.pixels) == 1


def test_a_stroke_on_another_slice_paints_nothing(
    watched: WatchedView, workbench: Workbench
) -> None:
    QApplication.processEvents()
    watched.pixels.clear()
    draw(workbench, 1, np.ones(SHAPE))
    QApplication.processEvents()
    assert watched.pixels == []


def test_letters_stand_where_the_patient_is(workbench: Workbench, view: ViewState) -> None:
    case = view.crosshair.case
    assert case is not None
    top, right, bottom, left = corner_texts.facts(workbench, view.display, view.pane, case).letters
    assert (top, right, bottom, left) == ("A", "L", "P", "R")


def test_a_coronal_stack_says_so_and_has_its_own_letters(
    workbench: Workbench, view: ViewState
) -> None:
    # Slices go back (y), rows down (−z), columns to the left (x): the usual coronal reformat.
    direction = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0)
    grid = Grid((4, 20, 20), (2.0, 1.0, 1.0), (0.0, 10.0, 0.0), direction)
    case = add_case(workbench, grid, id="coronal")
    workbench.loaded("coronal")
    view.crosshair.show_case("coronal")
    said = corner_texts.facts(workbench, view.display, view.pane, case)
    assert said.letters == ("S", "L", "I", "R")
    assert said.title == "Coronal   3 / 4   y 14.0 mm"


def test_title_window_and_reading_are_in_words_and_figures(
    workbench: Workbench, view: ViewState
) -> None:
    case = view.crosshair.case
    assert case is not None
    said = corner_texts.facts(workbench, view.display, view.pane, case)
    assert said.title == "Axial   4 / 6   z 15.0 mm"
    assert said.window == "W 1500   L −600   lung"
    value = int(workbench.volume(CASE).voxels[3, 7, 9])
    under = corner_texts.reading(workbench, case, Under(CASE, 3, 7, 9, 2))
    assert under.value == f"HU {value}".replace("-", "−") and under.name == "Right lung"
    place = case.grid.to_physical((3, 7, 9))
    assert under.millimetres == tuple(f"{mm:.1f}".replace("-", "−") for mm in place)
    # i, j, k: column, row, slice.
    assert under.voxel == ("9", "7", "3")


def test_slices_without_geometry_have_no_letters_no_mm_and_no_scale_bar(
    workbench: Workbench, view: ViewState
) -> None:
    grid = Grid((2, 30, 30), stacked=False)
    case = add_case(workbench, grid, id="flat", unit="raw")
    workbench.loaded("flat")
    view.crosshair.show_case("flat")
    said = corner_texts.facts(workbench, view.display, view.pane, case)
    assert said.letters == ("", "", "", "")
    assert said.title == "Slice   2 / 2"
    assert corner_texts.scale_bar(grid, 3.0, 800) is None
    under = corner_texts.reading(workbench, case, Under("flat", 1, 2, 3, 0))
    assert under.value.startswith("value ") and under.name == ""
    assert under.millimetres == () and under.voxel == ("3", "2", "1")


def test_the_figures_under_the_pointer_do_not_jump_while_it_moves(
    workbench: Workbench, view: ViewState
) -> None:
    def columns(reading: corner_texts.Reading) -> list[int]:
        """Where, in the lower line, something is drawn: the letters and units between figures."""
        image = QImage(600, 120, QImage.Format.Format_RGB32)
        image.fill(0)
        with QPainter(image) as painter:
            Overlays(DARK, QFont()).paint_reading(
                painter, reading, None, image.size(), QRegion(image.rect())
            )
        bright = [
            x for x in range(600) if any(image.pixelColor(x, y).red() > 150 for y in range(94, 114))
        ]
        return [x for x in bright if x - 1 not in bright]

    short = corner_texts.Reading("HU 1", "", ("1.0", "2.0", "3.0"), ("1", "1", "1"))
    places = ("−101.3", "−24.8", "−1216.0"), ("511", "511", "311")
    long = corner_texts.Reading("HU −1000", "Lung", *places)
    first, second = columns(short), columns(long)
    # The six letters and the unit stand where they stood.
    assert len(set(first) & set(second)) >= 7


def test_a_long_name_under_the_pointer_stays_where_a_move_paints_again() -> None:
    image = QImage(1000, 200, QImage.Format.Format_RGB32)
    image.fill(0)
    under = corner_texts.Reading("HU 1", "Lung " * 40, ("1.0", "2.0", "3.0"), ("1", "1", "1"))
    with QPainter(image) as painter:
        Overlays(DARK, QFont()).paint_reading(
            painter, under, (10.0, 50.0), image.size(), QRegion(image.rect())
        )
    room = reading_rectangle(image.size())
    inked = [(x, y) for x in range(1000) for y in range(200) if image.pixelColor(x, y).red() > 100]
    assert inked and all(room.contains(x, y) for x, y in inked)


def test_a_long_status_leaves_the_letter_in_the_middle_free(
    canvas: SliceView, workbench: Workbench, view: ViewState
) -> None:
    view.display.set_layers(shown=False)
    free = canvas.grab(QRect(250 - 12, 0, 24, 30)).toImage()
    for number in range(3):
        workbench.add_segment(f"A segment of a rather long name {number}")
    draw(workbench, 3, np.ones(SHAPE))
    reviewing.say_right(workbench, CASE, 3)
    workbench.add_segment("One that comes later and is long as well")
    assert canvas.grab(QRect(250 - 12, 0, 24, 30)).toImage() == free


@pytest.mark.parametrize(
    ("scale", "bar"),
    [(2.0, (50, 100.0)), (0.1, (200, 20.0)), (200.0, (0.5, 100.0)), (2000.0, None)],
)
def test_the_scale_bar_is_a_round_length_that_fits(
    scale: float, bar: tuple[float, float] | None
) -> None:
    assert corner_texts.scale_bar(Grid((1, 9, 9)), scale, 800) == bar


def test_the_scale_bar_takes_no_more_than_a_quarter_of_a_small_view() -> None:
    assert corner_texts.scale_bar(Grid((1, 9, 9)), 2.0, 160) == (20, 40.0)


def test_the_letters_are_drawn_beside_the_right_edges(canvas: SliceView) -> None:
    x, y, width, height = canvas.viewport.rectangle
    image = canvas.grab().toImage()
    # 500 x 600 with a slice of 484 x 645 mm drawn: letters lie inside the view at its edges.
    for place in (
        QPointF(250, max(y - 9, 13)),
        QPointF(250, min(y + height + 9, 600 - 13)),
        QPointF(max(x - 9, 13), 300),
        QPointF(min(x + width + 9, 500 - 13), 300),
    ):
        assert has_ink(image, place)


def test_the_status_of_the_slice_is_drawn_in_its_colour(
    canvas: SliceView, workbench: Workbench
) -> None:
    reviewing.set_status(workbench, CASE, 3, SliceStatus.VERIFIED)
    image = canvas.grab().toImage()
    colours = {image.pixelColor(x, 20).name() for x in range(380, 500)}
    assert DARK.status(SliceStatus.VERIFIED) in colours


def test_segments_are_drawn_in_their_colours_and_hidden_ones_are_not(
    canvas: SliceView, workbench: Workbench, view: ViewState
) -> None:
    view.display.set_window(Window(5000, 10))
    plane = np.zeros(SHAPE)
    plane[10:30, 10:30] = 1
    draw(workbench, 3, plane)
    view.display.set_layers(annotation=1.0)
    assert colour_at(canvas, 20, 20) == workbench.segments[1].colour
    workbench.show_segment(1, False)
    assert colour_at(canvas, 20, 20) == "#000000"
    assert colour_at(canvas, 10, 20) == "#000000"


def test_overlays_can_be_switched_off_and_peeked_through(
    canvas: SliceView, workbench: Workbench, view: ViewState
) -> None:
    bare = canvas.grab().toImage()
    draw(workbench, 3, np.ones(SHAPE))
    drawn = canvas.grab().toImage()
    assert drawn != bare
    canvas.peek(True)
    assert canvas.grab().toImage() == bare
    canvas.peek(False)
    assert canvas.grab().toImage() == drawn
    view.display.set_layers(shown=False)
    assert canvas.grab().toImage() == bare


def test_a_dismissed_prediction_is_not_drawn_and_undo_brings_it_back(
    canvas: SliceView, workbench: Workbench
) -> None:
    bare = canvas.grab().toImage()
    predict(workbench, checkers())
    offered = canvas.grab().toImage()
    assert offered != bare
    reviewing.dismiss(workbench, CASE, 3)
    assert canvas.grab().toImage() == bare
    workbench.undo()
    assert canvas.grab().toImage() == offered


def test_difference_shows_what_only_one_of_both_has(
    canvas: SliceView, workbench: Workbench, view: ViewState
) -> None:
    view.display.set_window(Window(5000, 10))
    view.display.set_layers(style="difference", annotation=1.0)
    drawn, predicted = np.zeros(SHAPE), np.zeros((6, *SHAPE), np.uint8)
    drawn[5:35, 5:30] = 1
    predicted[:, 5:35, 20:50] = 1
    draw(workbench, 3, drawn)
    predict(workbench, predicted)
    assert colour_at(canvas, 20, 40) == DARK.false_positive
    assert colour_at(canvas, 20, 12) == DARK.false_negative
    assert colour_at(canvas, 20, 25) == "#000000"


def test_the_pointer_lies_on_no_window_where_a_test_begins(
    canvas: SliceView, workbench: Workbench
) -> None:
    """What is under it would be written over the slice, and pictures could not be compared."""
    assert canvas.under_pointer() is None
    QCursor.setPos(canvas.mapToGlobal(canvas.rect().center()))
    QApplication.processEvents()
    assert canvas.under_pointer() is not None


def test_undo_is_seen_at_once(canvas: SliceView, workbench: Workbench, view: ViewState) -> None:
    before = canvas.grab().toImage()
    view.hand.use_tool("brush")
    drag(canvas, (20, 30))
    move_to(canvas, QPointF(-5, -5))
    workbench.undo()
    view.hand.use_tool("navigate")
    assert canvas.grab().toImage() == before


def test_a_renamed_and_recoloured_segment_is_drawn_anew(
    canvas: SliceView, workbench: Workbench, view: ViewState
) -> None:
    view.display.set_window(Window(5000, 10))
    view.display.set_layers(annotation=1.0)
    draw(workbench, 3, np.ones(SHAPE))
    workbench.change_segment(replace(workbench.segments[1], colour="#123456"))
    assert colour_at(canvas, 20, 20) == "#123456"


def test_the_image_stays_on_black_in_the_light_theme(canvas: SliceView) -> None:
    canvas.resize(900, 300)
    canvas.set_tokens(LIGHT)
    assert canvas.grab().toImage().pixelColor(200, 200).name() == "#000000"


def checkers() -> npt.NDArray[np.uint8]:
    row, column = np.mgrid[:40, :60]
    plane = ((row // 7 + column // 9) % 3).astype(np.uint8)
    return np.broadcast_to(plane, (6, 40, 60)).copy()


def on_screen(canvas: SliceView) -> QImage:
    """What the window shows; grab() would paint all of it anew."""
    QApplication.processEvents()
    image = canvas.window().backingStore().paintDevice()
    assert isinstance(image, QImage)
    return image.copy()


def colour_at(canvas: SliceView, row: int, column: int) -> str:
    return canvas.grab().toImage().pixelColor(canvas.pixel_of(row, column).toPoint()).name()


def has_ink(image: QImage, place: QPointF) -> bool:
    """Whether text in the colour of overlays is near a place."""
    near = range(-8, 9)
    return any(
        image.pixelColor(int(place.x()) + dx, int(place.y()) + dy).name() == DARK.image_text
        for dx in near
        for dy in near
    )


def area(rect: QRect) -> int:
    return rect.width() * rect.height()


@pytest.mark.parametrize("width", [1200, 500, 150])
def test_why_a_case_cannot_be_shown_is_said_to_the_last_word(qtbot: QtBot, width: int) -> None:
    why = "The mask is not the one that was saved. Put back the files of one and the same save,"
    why += " from a copy of the project."

    def painted(text: str) -> QImage:
        image = QImage(width, 400, QImage.Format.Format_RGB32)
        image.fill(0)
        painter = QPainter(image)
        Overlays(DARK, QFont()).paint_waiting(painter, image.size(), text)
        painter.end()
        return image

    assert painted(why) != painted(why.removesuffix(" project."))
    edges = [(x, y) for x in (0, width - 1) for y in range(400)]
    assert {painted(why).pixel(*at) & 0xFFFFFF for at in edges} == {0}
