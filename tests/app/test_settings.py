"""Preferences: kept between sessions, and never in the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdesk.app import settings as settings_file
from segdesk.app.settings import MOST_RECENT, THEMES, Settings, SettingsFile

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = sorted(Settings.__dataclass_fields__)


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    settings = Settings(
        theme="light", reader="AB", geometry="Zg==", wheel_flipped=True, import_folder="/scans"
    ).with_recent(tmp_path / "a.segdesk")
    SettingsFile(tmp_path / "deep" / "er").keep(settings)
    assert SettingsFile(tmp_path / "deep" / "er").read() == settings
    assert [path.name for path in (tmp_path / "deep" / "er").iterdir()] == ["settings.json"]


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGDESK_SETTINGS", str(tmp_path))
    SettingsFile().keep(Settings(theme="system"))
    assert json.loads((tmp_path / "settings.json").read_text())["theme"] == "system"


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", "null", '{"theme": 3}', "\udcff", pytest.param("[" * 100_000, id="brackets")],
)
def test_a_damaged_file_counts_as_none(tmp_path: Path, damage: str) -> None:
    (tmp_path / "settings.json").write_bytes(damage.encode("utf-8", "surrogateescape"))
    assert SettingsFile(tmp_path).read() == Settings()


def test_no_more_is_read_than_settings_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SettingsFile(tmp_path).keep(Settings(theme="system"))
    assert SettingsFile(tmp_path).read() == Settings(theme="system") != Settings()
    monkeypatch.setattr(settings_file, "LARGEST", 10)
    assert SettingsFile(tmp_path).read() == Settings()


@given(fields=st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), JSON))
def test_whatever_stands_in_the_file_the_settings_are_of_the_right_types(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, object]
) -> None:
    folder = tmp_path_factory.mktemp("settings")
    (folder / "settings.json").write_text(json.dumps(fields), encoding="utf-8")
    settings = SettingsFile(folder).read()
    default = Settings()
    assert settings.theme in THEMES
    for name in NAMES:
        assert type(getattr(settings, name)) is type(getattr(default, name))
    assert len(settings.recent) <= MOST_RECENT
    assert all(isinstance(path, str) for path in settings.recent)


def test_one_wrong_field_does_not_cost_the_others(tmp_path: Path) -> None:
    fields = {"theme": "purple", "reader": "AB", "wheel_flipped": 1, "recent": ["/a", 2, "/b"]}
    (tmp_path / "settings.json").write_text(json.dumps(fields))
    assert SettingsFile(tmp_path).read() == Settings(reader="AB", recent=("/a", "/b"))


def test_a_folder_that_cannot_be_made_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    file = SettingsFile(tmp_path / "file")
    file.keep(Settings(theme="light"))
    assert file.read() == Settings()


def test_the_newest_project_stands_first_and_once(tmp_path: Path) -> None:
    settings = Settings()
    for name in ("a", "b", "a"):
        settings = settings.with_recent(tmp_path / name)
    assert [Path(path).name for path in settings.recent] == ["a", "b"]
    for at in range(20):
        settings = settings.with_recent(tmp_path / str(at))
    assert [Path(path).name for path in settings.recent][:2] == ["19", "18"]
    assert len(settings.recent) == MOST_RECENT
