"""Asks a virus scanner about a file: the port, and ClamAV's daemon behind it."""

from __future__ import annotations

import socket
from typing import Protocol
from urllib.parse import urlsplit

_CHUNK = 1 << 16


class ScannerDown(Exception):
    """The scanner gave no clear answer; the file stays held."""


class Scanner(Protocol):
    def finds(self, content: bytes) -> str | None:
        """The name of what is wrong with a file; None when it is clean. Raises ScannerDown."""


class ClamdScanner:
    """`url` is clamd://host:3310. Speaks clamd's INSTREAM. Source: clamd(8), "COMMANDS"."""

    def __init__(self, url: str, timeout_s: int = 60) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "localhost", parts.port or 3310)
        self.timeout_s = timeout_s

    def finds(self, content: bytes) -> str | None:
        try:
            with socket.create_connection(self.address, self.timeout_s) as connection:
                connection.sendall(b"zINSTREAM\0")
                for start in range(0, len(content), _CHUNK):
                    part = content[start : start + _CHUNK]
                    connection.sendall(len(part).to_bytes(4, "big") + part)
                connection.sendall(bytes(4))
                answer = connection.makefile("rb").read().rstrip(b"\0\n").decode("ascii", "replace")
        except OSError as error:
            raise ScannerDown(type(error).__name__) from None
        if answer == "stream: OK":
            return None
        if answer.startswith("stream: ") and answer.endswith(" FOUND"):
            return answer.removeprefix("stream: ").removesuffix(" FOUND")
        raise ScannerDown(answer[:100])
