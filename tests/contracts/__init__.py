"""The house's rules, held by tests: floors, what a room may load, and how files are written."""
