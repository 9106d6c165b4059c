"""What tests of fetching share."""

from __future__ import annotations

from file_server import FileServer, server

__all__ = ["FileServer", "server"]
