"""Edit and Tools: undo and redo, what is in the hand, what it paints with."""

from __future__ import annotations

from collections.abc import Callable

from segdesk.app.labelling.tools.tool import Tool
from segdesk.app.labelling.tools.toolbox import TOOLS
from segdesk.core.edit import Edit
from segdesk.ui.canvas.sentences import tool_tip
from segdesk.ui.commands.action import Action, Groups
from segdesk.ui.commands.desk import Desk
from segdesk.ui.look.edit_words import place_words
from segdesk.ui.look.translations import tr, translated

#: Segments that have a key of their own.
NUMBERED = 9


def edit_groups(desk: Desk) -> Groups:
    """The groups of the menu Edit."""
    session, reasons, menu = desk.session, desk.reasons, "edit"

    def named(word: str, edit: Callable[[], Edit | None]) -> Callable[[], str]:
        def text() -> str:
            found = edit()
            if found is None or session.workbench is None:
                return word
            where = place_words(found, session.workbench)
            name = f"{word} {translated(found.name)}"
            return f"{name}, {where}" if where else name

        return text

    def undo() -> None:
        """Of a ghost its last press, else the last change."""
        if session.view is not None and session.view.hand.ghost is not None:
            session.view.hand.take_back_press()
        else:
            session.undo()

    def undo_text() -> str:
        ghost = None if session.view is None else session.view.hand.ghost
        if ghost is None:
            return named(tr("Undo"), next_undo)()
        return tr("Take back the last press of {name}", name=translated(ghost.name))

    def next_undo() -> Edit | None:
        return None if session.workbench is None else session.workbench.history.next_undo

    def next_redo() -> Edit | None:
        return None if session.workbench is None else session.workbench.history.next_redo

    return (
        (
            Action(
                "undo",
                tr("Undo"),
                tr("Take the last change back and show where it was"),
                undo,
                menu,
                ("Ctrl+Z",),
                why_not=reasons.undo,
                icon="undo",
                text_now=undo_text,
                changes=True,
            ),
            Action(
                "redo",
                tr("Redo"),
                tr("Do again what was undone and show where it is"),
                session.redo,
                menu,
                ("Ctrl+Shift+Z", "Ctrl+Y"),
                why_not=reasons.redo,
                icon="redo",
                text_now=named(tr("Redo"), next_redo),
                changes=True,
            ),
        ),
    )


def tool_groups(desk: Desk) -> Groups:
    """The groups of the menu Tools."""
    session, menu = desk.session, "tools"

    def tool(tool: Tool) -> Action:
        def use() -> None:
            if session.view is not None:
                session.view.hand.use_tool(tool.id)

        def is_used() -> bool:
            return session.view is not None and session.view.hand.tool == tool.id

        return Action(
            tool.id,
            translated(tool.words.name),
            tool_tip(tool),
            use,
            menu,
            (tool.key,),
            True,
            needs=tool.needs,
            changes=tool.paints,
            checked=is_used,
            icon=tool.id,
        )

    def brush(id: str, text: str, keys: tuple[str, ...], step: int) -> Action:
        def change() -> None:
            if session.view is not None:
                session.view.hand.step_size(step)

        tip = tr("Change the size of the brush in mm; Shift+wheel does too")
        return Action(id, text, tip, change, menu, keys, True, needs="case", repeats=True)

    return (
        tuple(map(tool, TOOLS)),
        (
            brush("brush_smaller", tr("Smaller brush"), ("[", "-"), -1),
            brush("brush_larger", tr("Larger brush"), ("]", "+"), 1),
        ),
        (_start_from_prediction(desk),),
        _segment_steps(desk),
        tuple(_numbered(desk, number) for number in (*range(1, NUMBERED + 1), 0)),
    )


def _start_from_prediction(desk: Desk) -> Action:
    def turn() -> None:
        desk.preferences.change(
            start_from_prediction=not desk.preferences.now.start_from_prediction
        )

    return Action(
        "start_from_prediction",
        tr("From the prediction"),
        tr(
            "The first stroke on a slice that nobody has touched starts from the prediction on it; "
            "undo takes back first the stroke, then the prediction"
        ),
        turn,
        "tools",
        checked=lambda: desk.preferences.now.start_from_prediction,
    )


def _segment_steps(desk: Desk) -> tuple[Action, ...]:
    session, menu = desk.session, "tools"

    def step(by: int) -> Callable[[], None]:
        def go() -> None:
            if session.view is not None:
                session.view.hand.step_segment(by)

        return go

    def hold_window(held: bool) -> None:
        if desk.canvas is not None:
            desk.canvas.use_hold_window(held)

    def pick() -> None:
        under = desk.canvas.under_pointer() if desk.canvas is not None else None
        if under is not None and session.view is not None:
            session.view.hand.use_segment(under.segment)

    return (
        Action(
            "previous_segment",
            tr("Previous segment"),
            tr("Paint with the segment above in the list"),
            step(-1),
            menu,
            ("Q",),
            True,
            needs="segment",
        ),
        Action(
            "next_segment",
            tr("Next segment"),
            tr("Paint with the segment below in the list; hold W and drag for window and level"),
            step(1),
            menu,
            ("W",),
            True,
            needs="segment",
            key_use="tap_hold",
            hold=hold_window,
        ),
        Action(
            "pick_segment",
            tr("Pick the segment under the pointer"),
            tr("Paint with what lies under the pointer"),
            pick,
            menu,
            ("K",),
            True,
            needs="mask",
        ),
    )


def _numbered(desk: Desk, number: int) -> Action:
    session, reasons = desk.session, desk.reasons

    def use() -> None:
        if session.view is not None:
            session.view.hand.use_segment(number)

    def is_used() -> bool:
        return session.view is not None and session.view.hand.segment == number

    def text() -> str:
        workbench = session.workbench
        if number == 0 or workbench is None or number not in workbench.segments:
            return fixed
        return f"{number}  {workbench.segments[number].name}"

    fixed = tr("Segment {number}", number=number) if number else tr("Background (erase)")
    return Action(
        f"segment_{number}",
        fixed,
        tr("Paint with this segment") if number else tr("Paint with background, which erases"),
        use,
        "tools/segment",
        (str(number),),
        True,
        needs="case",
        why_not=lambda: reasons.segment_number(number),
        checked=is_used,
        text_now=text,
    )
