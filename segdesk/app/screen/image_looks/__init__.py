"""Looks of the image: what its grey levels become before it is drawn. No Qt.

Each is one file and a line in `shelf`. Values, windows and exports stay what they are.
"""
