"""The one function that finds what is shipped beside the code: icons, themes, presets."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def resource(*parts: str) -> Path:
    """Path of a shipped file, in a wheel (`segdesk/_resources`) or a checkout (`resources`).

    Raises
    ------
    FileNotFoundError
        Where it is not shipped: a bug.
    """
    for folder in (_PACKAGE / "_resources", _PACKAGE.parent / "resources"):
        path = folder.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError("/".join(parts))
