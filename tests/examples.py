"""How many examples a property is tried on: all of them in `make test-long`, a third before.

They are other ones each time, so many short runs look as far as a long one.
"""

from __future__ import annotations

import os

_ALL = os.environ.get("SEGDESK_EXAMPLES") == "all"


def examples(count: int) -> int:
    """The number for this run."""
    return count if _ALL else -(-count // 3)
