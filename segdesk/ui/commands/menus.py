"""The menus of the window, by id: titles with their mnemonics stand here and nowhere else."""

from __future__ import annotations

from PySide6.QtWidgets import QMenu, QMenuBar

from segdesk.ui.look.translations import tr


def title(id: str) -> str:
    """What a menu is called, with "&" before its mnemonic."""
    return {
        "file": tr("&File"),
        "edit": tr("&Edit"),
        "view": tr("&View"),
        "view/slices": tr("&Go to slice"),
        "view/window": tr("&Window"),
        "view/theme": tr("&Theme"),
        "case": tr("&Case"),
        "case/pool": tr("&Pool"),
        "tools": tr("&Tools"),
        "tools/segment": tr("&Active segment"),
        "train": tr("T&rain"),
        "help": tr("&Help"),
    }[id]


def in_words(id: str) -> str:
    """Where a menu is found, such as "View › Theme"."""
    steps = id.split("/")
    paths = ("/".join(steps[: count + 1]) for count in range(len(steps)))
    return " › ".join(title(path).replace("&", "") for path in paths)


class Menus:
    """Owned by the window; each menu is made when it is first asked for."""

    def __init__(self, bar: QMenuBar) -> None:
        self._bar = bar
        self._made: dict[str, QMenu] = {}

    def at(self, id: str) -> QMenu:
        """The menu of an id, such as "view/theme", inside the menu above it."""
        if id not in self._made:
            above, _, _ = id.rpartition("/")
            owner = self.at(above) if above else self._bar
            made = owner.addMenu(title(id))
            made.setObjectName("menu_" + id.replace("/", "_"))
            made.setAccessibleName(title(id).replace("&", ""))
            made.setToolTipsVisible(True)
            self._made[id] = made
        return self._made[id]
