"""Case ids that become folder names."""

import pytest

from segdesk.errors import UsageError
from segdesk.store.disk.names import checked_id


@pytest.mark.parametrize("id", ["case-001", "A", "lung_3.b", "9", "x" * 64, "console"])
def test_a_safe_name_is_taken_as_it_is(id: str) -> None:
    assert checked_id(id) == id


@pytest.mark.parametrize(
    "id",
    [
        "",
        ".",
        "..",
        ".hidden",
        "dot.",
        "a/b",
        "a\\b",
        "a b",
        "a\n",
        "x" * 65,
        "con",
        "NUL.txt",
        "lpt1",
        "ä",
        "a:b",
        "../x",
    ],
)
def test_a_name_that_some_system_refuses_is_refused(id: str) -> None:
    with pytest.raises(UsageError, match="name of a case"):
        checked_id(id)
