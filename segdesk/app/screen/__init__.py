"""What is on screen and in hand, without Qt; `ui.canvas` draws it. Read `crosshair.py` first."""
