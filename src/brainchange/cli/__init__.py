"""The command line: a file a command, or a few that belong together."""

from brainchange.cli.main import app

__all__ = ["app"]
