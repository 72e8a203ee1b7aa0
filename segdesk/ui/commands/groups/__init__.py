"""The rows of the table of actions, a module for each subject.

Each module has one function that gives its groups for the window: a group is what stands between
two separators of a menu. `ui.commands.table` puts them together and makes QActions; what the
actions do beyond a line belongs to `app`.
"""
