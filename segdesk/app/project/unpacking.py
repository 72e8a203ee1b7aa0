"""A packed project as a project again: what such a file is, and unpacking it.

What is checked and how the folder is built belongs to `store.pack`.
"""

from __future__ import annotations

from segdesk.store.pack.contents import Held
from segdesk.store.pack.read import is_packed
from segdesk.store.pack.unpacker import look, unpack

__all__ = ["Held", "is_packed", "look", "unpack"]
