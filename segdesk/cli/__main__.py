"""`python -m segdesk.cli`: the same as the command `segdesk`."""

from segdesk.cli.main import run

if __name__ == "__main__":
    run()
