"""View: where one looks, how the image and the layers are drawn, what the window shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from segdesk.app.settings import Theme
from segdesk.ui.action import Action
from segdesk.ui.translations import tr

if TYPE_CHECKING:
    from segdesk.ui.actions import Groups
    from segdesk.ui.main_window import MainWindow

#: Slices of a big step.
MANY = 10
#: The preset that is no fixed window: what the scan's file asks for, or all of its values.
FILE_WINDOW = "file"


def view_groups(window: MainWindow) -> Groups:
    """The groups of the menu View."""
    return (
        _places(window),
        tuple(_window_presets(window)),
        _layers(window),
        _frame(window),
        tuple(_themes(window)),
    )


def slice_groups(window: MainWindow) -> Groups:
    """Going through the slices: a menu inside View."""
    session, reasons = window.session, window.reasons
    menu = tr("View") + "/" + tr("Go to slice")

    def move(id: str, text: str, keys: str, go: Callable[[], None]) -> Action:
        return Action(id, text, text, go, menu, keys, True, why_not=reasons.case)

    def feet(slices: int) -> Callable[[], None]:
        def go() -> None:
            if session.view is not None:
                session.view.towards_feet(slices)

        return go

    def end(*, last: bool) -> Callable[[], None]:
        def go() -> None:
            if session.view is not None and session.view.case is not None:
                session.view.show_slice(session.view.case.slices - 1 if last else 0)

        return go

    return (
        (
            move("slice_up", tr("Next slice towards the head"), "Left, Up", feet(-1)),
            move("slice_down", tr("Next slice towards the feet"), "Right, Down", feet(1)),
            move(
                "ten_slices_up",
                tr("Ten slices towards the head"),
                "PgUp, Ctrl+Left",
                feet(-MANY),
            ),
            move(
                "ten_slices_down",
                tr("Ten slices towards the feet"),
                "PgDown, Ctrl+Right",
                feet(MANY),
            ),
            move("first_slice", tr("First slice"), "Home", end(last=False)),
            move("last_slice", tr("Last slice"), "End", end(last=True)),
        ),
    )


def _places(window: MainWindow) -> tuple[Action, ...]:
    reasons, menu = window.reasons, tr("View")

    def fit() -> None:
        if window.canvas is not None:
            window.canvas.fit()

    def centre() -> None:
        if window.canvas is not None:
            window.canvas.centre_on_cursor()

    def hold_pan(held: bool) -> None:
        if window.canvas is not None:
            window.canvas.use_hold_pan(held)

    return (
        Action("fit", tr("Fit"), tr("The whole slice"), fit, menu, "R", True, why_not=reasons.case),
        Action(
            "centre",
            tr("Centre on the pointer"),
            tr("Bring what is under the pointer to the middle"),
            centre,
            menu,
            "C",
            True,
            why_not=reasons.case,
        ),
        Action(
            "hold_pan",
            tr("Move the slice: hold and drag"),
            tr("Hold the key and drag, in every tool; the middle button does too"),
            lambda: window.say(tr("Hold Space and drag to move the slice.")),
            menu,
            "Space",
            True,
            why_not=reasons.case,
            key_use="tap_hold",
            hold=hold_pan,
        ),
    )


def _window_presets(window: MainWindow) -> list[Action]:
    session, reasons = window.session, window.reasons
    rows = (
        ("lung", tr("Lung  −600 / 1500"), "F2"),
        ("mediastinum", tr("Mediastinum  40 / 400"), "F3"),
        ("bone", tr("Bone  400 / 1800"), "F4"),
        ("soft", tr("Soft tissue  50 / 350"), "F5"),
        (FILE_WINDOW, tr("The file's own"), "F6"),
    )

    def preset(name: str, text: str, key: str) -> Action:
        def use() -> None:
            if session.view is not None:
                session.view.use_preset(name)

        def is_used() -> bool:
            return session.view is not None and session.view.preset == name

        def file_text() -> str:
            case = None if session.view is None else session.view.case
            return tr("Whole range") if case is not None and case.window is None else text

        is_file = name == FILE_WINDOW
        return Action(
            f"window_{name}",
            text,
            tr("Level and width of the image"),
            use,
            tr("View") + "/" + tr("Window"),
            key,
            why_not=reasons.case if is_file else reasons.hu,
            checked=is_used,
            text_now=file_text if is_file else None,
        )

    return [preset(*row) for row in rows]


def _layers(window: MainWindow) -> tuple[Action, ...]:
    session, reasons, menu = window.session, window.reasons, tr("View")

    def toggle() -> None:
        if session.view is not None:
            session.view.set_layers(shown=not session.view.layers.shown)

    def are_shown() -> bool:
        return session.view is not None and session.view.layers.shown

    def peek(held: bool) -> None:
        if window.canvas is not None:
            window.canvas.peek(held)

    def fade(steps: int) -> Callable[[], None]:
        def change() -> None:
            if session.view is not None:
                session.view.fade(steps)

        return change

    def style() -> None:
        if session.view is not None:
            session.view.next_style()

    return (
        Action(
            "overlays",
            tr("Overlays"),
            tr("Masks over the image off and on; hold to peek at the bare image"),
            toggle,
            menu,
            "S",
            True,
            why_not=reasons.case,
            key_use="tap_hold",
            hold=peek,
            checked=are_shown,
        ),
        Action(
            "fainter",
            tr("Fainter overlay"),
            tr("The annotation lets more of the image through"),
            fade(-1),
            menu,
            "A",
            True,
            why_not=reasons.case,
        ),
        Action(
            "stronger",
            tr("Stronger overlay"),
            tr("The annotation covers more of the image"),
            fade(1),
            menu,
            "D",
            True,
            why_not=reasons.case,
        ),
        Action(
            "overlay_style",
            tr("Fill, outline, difference"),
            tr("Draw the masks filled, as outlines, or as the difference to the prediction"),
            style,
            menu,
            "O",
            True,
            why_not=reasons.case,
        ),
    )


def _frame(window: MainWindow) -> tuple[Action, ...]:
    menu, docks, reasons = tr("View"), window.docks, window.reasons

    def dock(id: str, text: str) -> Action:
        return Action(
            f"show_{id}",
            text,
            tr("Show or hide this column"),
            lambda: docks.toggle(id),
            menu,
            why_not=reasons.case,
            checked=lambda: docks.is_shown(id),
        )

    return (
        dock("cases_dock", tr("Cases")),
        dock("masks_dock", tr("Segments, layers and history")),
        dock("training_dock", tr("Training")),
        Action(
            "docks",
            tr("Image only"),
            tr("Hide everything around the image, and bring it back as it was"),
            docks.toggle_all,
            menu,
            "F11",
            why_not=reasons.case,
            checked=lambda: docks.are_hidden,
        ),
        Action(
            "wheel_flipped",
            tr("Wheel towards you goes to the head"),
            tr("Otherwise it goes to the feet"),
            window.flip_wheel,
            menu,
            checked=lambda: window.preferences.now.wheel_flipped,
        ),
    )


def _themes(window: MainWindow) -> list[Action]:
    def theme(name: Theme, text: str) -> Action:
        return Action(
            f"theme_{name}",
            text,
            tr("Colours of the window"),
            lambda: window.preferences.change(theme=name),
            tr("View") + "/" + tr("Theme"),
            checked=lambda: window.preferences.now.theme == name,
        )

    return [
        theme("dark", tr("Dark")),
        theme("light", tr("Light")),
        theme("system", tr("As the system")),
    ]
