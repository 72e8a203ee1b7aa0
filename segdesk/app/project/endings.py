"""What the name of a project ends in: as a folder, and packed into one file."""

from __future__ import annotations

FOLDER = ".segdesk"
PACKED = ".h5"
