"""segdesk: paint, train and correct CT masks in one desktop program.

Read `ARCHITECTURE.md` first: it draws the floors (cli, ui, app, learning/store/formats, jobs,
ops, core, errors) and says which room owns what. Nothing is imported here, so that
``import segdesk`` costs nothing.
"""

__version__ = "0.1.0"
