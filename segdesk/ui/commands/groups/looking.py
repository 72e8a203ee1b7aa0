"""View: where one looks, how the image and the layers are drawn, what the window shows."""

from __future__ import annotations

from collections.abc import Callable

from segdesk.app.screen.image_looks.look import ImageLook
from segdesk.app.screen.image_looks.shelf import IMAGE_LOOKS
from segdesk.app.settings import Theme
from segdesk.ui.commands.action import Action, Groups
from segdesk.ui.commands.desk import Desk
from segdesk.ui.look.translations import tr, translated

#: Slices of a big step.
MANY = 10
#: The preset that is no fixed window: what the scan's file asks for, or all of its values.
FILE_WINDOW = "file"


def view_groups(desk: Desk) -> Groups:
    """The groups of the menu View."""
    return (
        _places(desk),
        tuple(_window_presets(desk)),
        *_image_looks(desk),
        _layers(desk),
        _frame(desk),
        tuple(_themes(desk)),
    )


def slice_groups(desk: Desk) -> Groups:
    """Going through the slices: a menu inside View."""
    menu = "view/slices"

    def move(id: str, text: str, keys: tuple[str, ...], go: Callable[[], None]) -> Action:
        return Action(id, text, text, go, menu, keys, True, needs="case", repeats=True)

    def feet(slices: int) -> Callable[[], None]:
        def go() -> None:
            if desk.pane is not None:
                desk.pane.towards_feet(slices)

        return go

    def end(*, last: bool) -> Callable[[], None]:
        def go() -> None:
            if desk.pane is not None:
                desk.pane.go_to(desk.pane.count - 1 if last else 0)

        return go

    return (
        (
            move("slice_up", tr("Next slice towards the head"), ("Left", "Up"), feet(-1)),
            move("slice_down", tr("Next slice towards the feet"), ("Right", "Down"), feet(1)),
            move(
                "ten_slices_up",
                tr("Ten slices towards the head"),
                ("PgUp", "Ctrl+Left"),
                feet(-MANY),
            ),
            move(
                "ten_slices_down",
                tr("Ten slices towards the feet"),
                ("PgDown", "Ctrl+Right"),
                feet(MANY),
            ),
            move("first_slice", tr("First slice"), ("Home",), end(last=False)),
            move("last_slice", tr("Last slice"), ("End",), end(last=True)),
        ),
    )


def _places(desk: Desk) -> tuple[Action, ...]:
    menu = "view"

    def fit() -> None:
        if desk.canvas is not None:
            desk.canvas.fit()

    def centre() -> None:
        if desk.canvas is not None:
            desk.canvas.centre_on_cursor()

    def hold_pan(held: bool) -> None:
        if desk.canvas is not None:
            desk.canvas.use_hold_pan(held)

    return (
        Action("fit", tr("Fit"), tr("The whole slice"), fit, menu, ("R",), True, needs="case"),
        Action(
            "centre",
            tr("Centre on the pointer"),
            tr("Bring what is under the pointer to the middle"),
            centre,
            menu,
            ("C",),
            True,
            needs="case",
        ),
        Action(
            "hold_pan",
            tr("Move the slice: hold and drag"),
            tr("Hold the key and drag, in every tool; the middle button does too"),
            lambda: desk.say(tr("Hold Space and drag to move the slice.")),
            menu,
            ("Space",),
            True,
            needs="case",
            key_use="tap_hold",
            hold=hold_pan,
        ),
    )


def _window_presets(desk: Desk) -> list[Action]:
    session = desk.session
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
                session.view.display.use_preset(name)

        def is_used() -> bool:
            return session.view is not None and session.view.display.preset == name

        def file_text() -> str:
            case = None if session.view is None else session.view.crosshair.case
            return tr("Whole range") if case is not None and case.window is None else text

        is_file = name == FILE_WINDOW
        return Action(
            f"window_{name}",
            text,
            tr("Level and width of the image"),
            use,
            "view/window",
            (key,),
            needs="case" if is_file else "hu",
            checked=is_used,
            text_now=file_text if is_file else None,
        )

    return [preset(*row) for row in rows]


def _image_looks(desk: Desk) -> Groups:
    """A row for each look of the image, in a group; none where there is no choice."""
    session = desk.session

    def row(look: ImageLook) -> Action:
        def use() -> None:
            if session.view is not None:
                session.view.display.use_image_look(look)

        def is_used() -> bool:
            return session.view is not None and session.view.display.image_look is look

        return Action(
            f"look_{look.id}",
            translated(look.name),
            translated(look.tip),
            use,
            "view",
            (look.key,) if look.key else (),
            needs="case",
            checked=is_used,
        )

    return (tuple(map(row, IMAGE_LOOKS)),) if len(IMAGE_LOOKS) > 1 else ()


def _layers(desk: Desk) -> tuple[Action, ...]:
    session, menu = desk.session, "view"

    def toggle() -> None:
        if session.view is not None:
            session.view.display.set_layers(shown=not session.view.display.layers.shown)

    def are_shown() -> bool:
        return session.view is not None and session.view.display.layers.shown

    def peek(held: bool) -> None:
        if desk.canvas is not None:
            desk.canvas.peek(held)

    def fade(steps: int) -> Callable[[], None]:
        def change() -> None:
            if session.view is not None:
                session.view.display.fade(steps)

        return change

    def style() -> None:
        if session.view is not None:
            session.view.display.next_style()

    return (
        Action(
            "overlays",
            tr("Overlays"),
            tr("Masks over the image off and on; hold to peek at the bare image"),
            toggle,
            menu,
            ("S",),
            True,
            needs="case",
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
            ("A",),
            True,
            needs="case",
        ),
        Action(
            "stronger",
            tr("Stronger overlay"),
            tr("The annotation covers more of the image"),
            fade(1),
            menu,
            ("D",),
            True,
            needs="case",
        ),
        Action(
            "overlay_style",
            tr("Fill, outline, difference"),
            tr("Draw the masks filled, as outlines, or as the difference to the prediction"),
            style,
            menu,
            ("O",),
            True,
            needs="case",
        ),
    )


def _frame(desk: Desk) -> tuple[Action, ...]:
    menu, docks, preferences = "view", desk.docks, desk.preferences

    def flip_wheel() -> None:
        preferences.change(wheel_flipped=not preferences.now.wheel_flipped)

    def dock(id: str, text: str) -> Action:
        return Action(
            f"show_{id}",
            text,
            tr("Show or hide this column"),
            lambda: docks.toggle(id),
            menu,
            needs="case",
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
            ("F11",),
            needs="case",
            checked=lambda: docks.are_hidden,
        ),
        Action(
            "wheel_flipped",
            tr("Wheel towards you goes to the head"),
            tr("Otherwise it goes to the feet"),
            flip_wheel,
            menu,
            checked=lambda: preferences.now.wheel_flipped,
        ),
    )


def _themes(desk: Desk) -> list[Action]:
    def theme(name: Theme, text: str) -> Action:
        return Action(
            f"theme_{name}",
            text,
            tr("Colours of the window"),
            lambda: desk.preferences.change(theme=name),
            "view/theme",
            checked=lambda: desk.preferences.now.theme == name,
        )

    return [
        theme("dark", tr("Dark")),
        theme("light", tr("Light")),
        theme("system", tr("As the system")),
    ]
