"""The one style sheet and palette, made from the tokens."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from segdesk.core.resources import resource
from segdesk.ui.look.sizes import scaled, small_size, text_size
from segdesk.ui.look.theme import GRID, RADIUS, Tokens


def palette(tokens: Tokens) -> QPalette:
    """Colours for what the style sheet does not name (menus' arrows, tooltips, disabled text)."""
    made = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: tokens.panel,
        role.WindowText: tokens.text,
        role.Base: tokens.background,
        role.AlternateBase: tokens.panel,
        role.Text: tokens.text,
        role.Button: tokens.raised,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.bad,
        role.Highlight: tokens.accent,
        role.HighlightedText: "#0c0e12" if tokens.is_dark else "#ffffff",
        role.ToolTipBase: tokens.raised,
        role.ToolTipText: tokens.text,
        role.PlaceholderText: tokens.dim,
        role.Link: tokens.accent,
    }
    for at, colour in colours.items():
        made.setColor(at, QColor(colour))
    for at in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, at, QColor(tokens.dim))
    return made


def style_sheet(tokens: Tokens) -> str:
    """The style sheet of the whole window."""
    t = tokens
    on_accent = "#0c0e12" if t.is_dark else "#ffffff"
    theme = "dark" if t.is_dark else "light"
    # Qt wants forward slashes in a style sheet on every system.
    up, down, left, right, check = (
        resource("themes", f"{name}-{theme}.svg").as_posix()
        for name in ("up", "down", "left", "right", "check")
    )
    return f"""
* {{ font-size: {text_size()}px; }}
QMainWindow, QDialog, QWidget#page {{ background: {t.panel}; color: {t.text}; }}
QMainWindow::separator {{ background: {t.line}; width: 1px; height: 1px; }}
QMenuBar, QMenu {{ background: {t.panel}; color: {t.text}; }}
QMenuBar::item {{ padding: {GRID}px {3 * GRID}px; background: transparent; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {t.raised}; }}
QMenu {{ border: 1px solid {t.line}; padding: {GRID}px; }}
QMenu::item {{ padding: {GRID + 1}px {6 * GRID}px; border-radius: {RADIUS - 2}px; }}
QMenu::item:disabled {{ color: {t.dim}; }}
QMenu::separator {{ height: 1px; background: {t.line}; margin: {GRID}px {2 * GRID}px; }}
QToolTip {{ background: {t.raised}; color: {t.text}; border: 1px solid {t.line};
    padding: {GRID}px; }}
QStatusBar {{ background: {t.raised}; color: {t.text}; }}
QStatusBar::item {{ border: none; }}
QDockWidget {{ color: {t.text}; }}
QDockWidget > QWidget {{ background: {t.panel}; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: {t.panel}; border: none; }}
QLabel {{ color: {t.text}; background: transparent; }}
QLabel[role="title"] {{ font-weight: 600; }}
QLabel[role="dim"] {{ color: {t.dim}; font-size: {small_size()}px; }}
QLabel[role="good"] {{ color: {t.good}; }}
QLabel[role="warn"] {{ color: {t.warn}; }}
QLabel[role="bad"] {{ color: {t.bad}; }}
QLabel[role="heading"] {{ font-size: {round(1.55 * text_size())}px; font-weight: 600; }}
QToolBar {{ background: {t.panel}; border: none; border-bottom: 1px solid {t.line};
    spacing: {GRID}px; padding: {GRID}px; }}
QPushButton, QToolButton {{ background: {t.raised}; color: {t.text}; border: 1px solid transparent;
    border-radius: {RADIUS}px; padding: {GRID}px {3 * GRID}px; min-height: {scaled(20)}px; }}
QFileDialog {{ filedialog-parent-directory-icon: url("{up}"); backward-icon: url("{left}");
    forward-icon: url("{right}"); }}
QFileDialog QToolButton {{ padding: {GRID - 2}px; min-height: 0; }}
QToolButton#qt_toolbar_ext_button {{ padding: 0; border: none; }}
QPushButton {{ border-color: {t.edge}; }}
QToolButton[role="icon"] {{ padding: {GRID}px; background: transparent; }}
QPushButton:hover, QToolButton:hover {{ border-color: {t.line}; background: {t.line}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {t.accent}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {t.line}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {t.dim}; background: {t.panel};
    border-color: {t.line}; }}
QToolButton:checked {{ background: {t.accent}; color: {on_accent}; font-weight: 600; }}
QPushButton[role="primary"], QPushButton[role="good"], QPushButton[role="bad"] {{
    border-color: transparent; }}
QPushButton[role="primary"]:focus, QPushButton[role="good"]:focus, QPushButton[role="bad"]:focus {{
    border-color: {t.text}; }}
QPushButton[role="primary"] {{ background: {t.accent}; color: {on_accent}; font-weight: 600; }}
QPushButton[role="good"] {{ background: {t.good}; color: {on_accent}; font-weight: 600; }}
QPushButton[role="bad"] {{ background: {t.bad}; color: {on_accent}; font-weight: 600; }}
QPushButton[role="primary"]:disabled, QPushButton[role="good"]:disabled,
QPushButton[role="bad"]:disabled {{ background: {t.raised}; color: {t.dim}; font-weight: 400;
    border-color: {t.line}; }}
QPushButton[role="link"] {{ background: transparent; color: {t.accent}; text-align: left;
    padding: {GRID}px 0; border: none; }}
QPushButton[role="link"]:disabled {{ color: {t.dim}; }}
QPushButton[role="link"]:focus {{ text-decoration: underline; }}
QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit {{ background: {t.field};
    color: {t.text}; border: 1px solid {t.edge}; border-radius: {RADIUS}px;
    padding: {GRID - 1}px {2 * GRID}px; selection-background-color: {t.accent};
    selection-color: {on_accent}; min-height: {scaled(20)}px; }}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus {{ border-color: {t.accent}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {{ color: {t.dim};
    background: {t.panel}; border-color: {t.line}; }}
QAbstractSpinBox {{ min-height: {scaled(16)}px; }}
QAbstractSpinBox[problem="true"], QAbstractSpinBox[problem="true"]:focus {{
    border: 2px solid {t.bad}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{ border: none; padding: 0 0 0 {GRID}px;
    min-height: 0;
    background: transparent; }}
QComboBox::drop-down {{ border: none; width: {5 * GRID}px; }}
QComboBox::down-arrow {{ image: url("{down}"); width: 12px; height: 12px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ border: none; width: {4 * GRID}px;
    background: transparent; }}
QAbstractSpinBox::up-arrow {{ image: url("{up}"); width: 10px; height: 10px; }}
QAbstractSpinBox::down-arrow {{ image: url("{down}"); width: 10px; height: 10px; }}
QComboBox QAbstractItemView {{ background: {t.raised}; color: {t.text};
    border: 1px solid {t.line}; selection-background-color: {t.accent};
    selection-color: {on_accent}; }}
QListView, QTreeView, QTableView {{ background: {t.panel}; color: {t.text}; border: none;
    outline: none; }}
QTreeView::item, QTableView::item {{ padding: {GRID}px; min-height: {scaled(20)}px; }}
QListView::item:selected, QTreeView::item:selected, QTableView::item:selected {{
    background: {t.raised}; color: {t.text}; }}
QHeaderView::section {{ background: {t.panel}; color: {t.dim}; border: none;
    border-bottom: 1px solid {t.line}; padding: {GRID}px; }}
QProgressBar {{ background: {t.background}; border: none; border-radius: 3px; max-height: 6px;
    min-height: 6px; }}
QProgressBar::chunk {{ background: {t.accent}; border-radius: 3px; }}
QSlider {{ background: transparent; border: none; min-height: 20px; }}
QSlider::groove:horizontal {{ background: {t.line}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {t.accent}; height: 4px; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {t.accent}; width: 12px; height: 12px; margin: -4px 0;
    border-radius: 6px; }}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {{
    background: {t.dim}; }}
QSlider::handle:horizontal:focus {{ border: 1px solid {t.text}; }}
QCheckBox, QRadioButton {{ color: {t.text}; spacing: {2 * GRID}px; background: transparent; }}
QCheckBox::indicator, QTreeView::indicator {{ width: {scaled(14)}px; height: {scaled(14)}px;
    border: 1px solid {t.dim}; border-radius: 3px; background: {t.field}; }}
QCheckBox::indicator:checked, QTreeView::indicator:checked {{ background: {t.accent};
    border-color: {t.accent}; image: url("{check}"); }}
QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border-color: {t.accent}; }}
QRadioButton::indicator {{ width: 10px; height: 10px; border: 1px solid {t.dim};
    border-radius: 6px; background: {t.field}; }}
QRadioButton::indicator:checked {{ width: 6px; height: 6px; border: 3px solid {t.accent};
    border-radius: 6px; background: {on_accent}; }}
QRadioButton::indicator:disabled {{ border-color: {t.line}; }}
QCheckBox:disabled, QRadioButton:disabled {{ color: {t.dim}; }}
QGroupBox {{ border: 1px solid {t.line}; border-radius: {RADIUS}px; margin-top: {2 * GRID}px;
    padding: {2 * GRID}px; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {t.line}; border-radius: 4px; min-height: 24px;
    min-width: 24px; margin: 1px; }}
QScrollBar::handle:hover {{ background: {t.dim}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""
