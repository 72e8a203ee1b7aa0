"""What a person prefers, kept between sessions: theme, recent projects, window layout.

A small JSON file in the system's folder for settings; `SEGDESK_SETTINGS` names another folder.
Never holds anything of a project or a patient beyond the paths of recent projects. A damaged file
counts as none.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import platformdirs

from segdesk.core.durable_files import lasting_folder, write_whole
from segdesk.core.regular_file import open_regular

Theme = Literal["dark", "light", "system"]
THEMES: tuple[Theme, ...] = ("dark", "light", "system")
MOST_RECENT = 12
#: Bytes of the file; nothing behind is read.
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Settings:
    """All preferences. Frozen; `SettingsFile.keep` writes a changed copy.

    Parameters
    ----------
    theme : colours of the window
    reader : name written into Edits; may be empty
    recent : paths of projects, the newest first
    geometry, layout : the window's size and docks, as text from Qt (base64)
    wheel_flipped : the wheel towards you goes towards the head
    trainer_stays : a trainer process is kept ready while a project is open
    start_from_prediction : the first stroke on an untouched slice starts from its prediction
    import_folder, project_folder : where the dialogs open
    brush_mm : diameter of the brush
    annotation, prediction : opacity of the layers, 0 to 1
    style : how the mask is drawn
    plan : the training form, as text from the window
    """

    theme: Theme = "dark"
    reader: str = ""
    recent: tuple[str, ...] = ()
    geometry: str = ""
    layout: str = ""
    wheel_flipped: bool = False
    trainer_stays: bool = True
    start_from_prediction: bool = True
    import_folder: str = ""
    project_folder: str = ""
    brush_mm: float = 12.0
    annotation: float = 0.45
    prediction: float = 0.9
    style: str = "fill"
    plan: str = ""

    def with_recent(self, path: Path) -> Settings:
        """The project at `path` is the newest."""
        text = str(path.resolve())
        others = [old for old in self.recent if old != text]
        return replace(self, recent=tuple([text, *others][:MOST_RECENT]))


class SettingsFile:
    """Reads and writes the settings.

    Parameters
    ----------
    folder : None for the system's own, or the one that SEGDESK_SETTINGS names
    """

    def __init__(self, folder: Path | None = None) -> None:
        named = os.environ.get("SEGDESK_SETTINGS")
        if folder is None:
            folder = Path(named) if named else Path(platformdirs.user_config_dir("segdesk", False))
        self.path = folder / "settings.json"

    def read(self) -> Settings:
        """The settings; the defaults where there is no file or it cannot be understood."""
        try:
            with open_regular(self.path, follow=True) as file:
                fields = json.loads(file.read(LARGEST).decode("utf-8"))
        except (OSError, ValueError, RecursionError):
            return Settings()
        return _settings(fields) if isinstance(fields, dict) else Settings()

    def keep(self, settings: Settings) -> None:
        """Write the settings; where the disk refuses, preferences are simply not remembered."""
        try:
            lasting_folder(self.path.parent)
            text = json.dumps(asdict(settings), indent=1)
            write_whole(self.path, text.encode(), json.loads)
        except OSError:
            return


def _is_sane(value: Any) -> bool:
    """JSON knows NaN and Infinity, which no preference means."""
    return not isinstance(value, float) or math.isfinite(value)


def _settings(fields: dict[str, Any]) -> Settings:
    """Only known fields of the right type; anything else keeps its default."""
    default = asdict(Settings())
    kept: dict[str, Any] = {}
    for name, value in fields.items():
        if name == "recent" and isinstance(value, list):
            kept[name] = tuple(str(path) for path in value if isinstance(path, str))[:MOST_RECENT]
        elif name == "theme":
            if value in THEMES:
                kept[name] = value
        elif name in default and type(value) is type(default[name]) and _is_sane(value):
            kept[name] = value
    return Settings(**kept)
