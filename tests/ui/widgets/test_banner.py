"""Messages over the scan: what can be done about one is always in sight."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtWidgets import QPushButton

from segdesk.ui.widgets import banner as banner_module
from segdesk.ui.widgets.banner import Banner, Offer
from tests.windows import Desk

GONE = (
    "The folder of the project 'p1-copy.segdesk' is no longer at its place: it was renamed, moved "
    "or deleted."
)
ADVICE = "Put the folder back, or save the project elsewhere."
LOST = "The last change is not on the disk yet: closing now, or a crash, would lose it."


def is_in_sight(banner: Banner, id: str) -> bool:
    """Whether a button can be seen and pressed without scrolling."""
    button = banner.findChild(QPushButton, id)
    assert button is not None
    corner = button.mapTo(banner.viewport(), button.rect().bottomRight())
    return banner.viewport().rect().contains(corner)


def test_a_message_whose_words_grow_keeps_its_button_in_sight(desk: Desk, project: Path) -> None:
    desk.open(project)
    banner = desk.window.banner
    offer = Offer("do_it", "", "Save elsewhere…", lambda: None)
    banner.stand("disk", GONE, ADVICE, offer)
    desk.settle()
    banner.stand("disk", GONE, f"{LOST} {ADVICE}", offer)
    desk.settle()
    assert banner.verticalScrollBar().maximum() == 0
    assert is_in_sight(banner, "do_it")


def test_an_offer_that_nobody_waits_for_leaves_and_a_warning_stays(
    desk: Desk, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(project)
    monkeypatch.setattr(banner_module, "LEAVES_AFTER_MS", 30)
    monkeypatch.setattr(banner_module, "OFFER_LEAVES_AFTER_MS", 60)
    banner = desk.window.banner
    dropped: list[str] = []
    drop = partial(dropped.append, "seen")
    banner.offer(Offer("go", "Two cases came.", "Show", lambda: None, drop, stays=False))
    banner.offer(Offer("wait", "One volume was found.", "Choose…", lambda: None))
    banner.say("It was exported.")
    banner.warn(GONE, ADVICE)
    assert banner.text.count("\n") == 3
    desk.wait(lambda: "Two cases" not in banner.text and "exported" not in banner.text)
    assert banner.text == f"One volume was found.\n{GONE}"
    assert dropped == ["seen"]


def test_of_more_messages_than_fit_the_lowest_is_in_sight(desk: Desk, project: Path) -> None:
    desk.open(project)
    banner = desk.window.banner
    for number in range(9):
        banner.say(f"{number}: {GONE}")
        desk.settle()
    banner.warn(GONE, ADVICE, Offer("do_it", "", "Take the mask", lambda: None))
    desk.settle()
    assert banner.verticalScrollBar().maximum() > 0
    assert is_in_sight(banner, "do_it")
