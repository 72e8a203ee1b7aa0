"""How the window looks and what it says: theme, icons, style sheet, words, preferences.

Every other room of `ui` may use it; it knows none of them. Read `theme.py` first.
"""
