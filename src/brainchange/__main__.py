"""``python -m brainchange`` is the command line."""

from brainchange.cli import app

app()
