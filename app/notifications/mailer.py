"""Two ways out for a message: SMTP, and a folder of `.eml` files that the development site shows as a page."""

from __future__ import annotations

import re
import smtplib
import ssl
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit


class Mailer(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Hand the message over. Raises OSError when it was not taken (smtplib's errors are OSErrors)."""


class LocalOutbox:
    """Writes each mail to a file, newest last, for the page at /dev/outbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, message: EmailMessage) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9.-]", "", str(message["X-Message-Id"]))
        temporary = self.folder / f".{name}"
        temporary.write_bytes(message.as_bytes())
        temporary.rename(self.folder / f"{name}.eml")

    def newest(self, limit: int) -> list[EmailMessage]:
        """The latest mails, newest first."""
        if not self.folder.exists():
            return []
        files = sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files[:limit]]


class SmtpMailer:
    """`url` is smtp://user:password@host:587 (STARTTLS) or smtps://… (TLS from the start)."""

    def __init__(self, url: str, timeout_s: int = 20) -> None:
        self.url = urlsplit(url)
        self.timeout_s = timeout_s

    def send(self, message: EmailMessage) -> None:
        host, context = self.url.hostname or "localhost", ssl.create_default_context()
        if self.url.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, self.url.port or 465, timeout=self.timeout_s, context=context)
        else:
            server = smtplib.SMTP(host, self.url.port or 587, timeout=self.timeout_s)
        with server:
            if self.url.scheme != "smtps":
                server.ehlo()
                if server.has_extn("starttls"):
                    server.starttls(context=context)
                    server.ehlo()
                elif self.url.username:
                    raise smtplib.SMTPNotSupportedError("no STARTTLS: the password would be sent readable")
            if self.url.username:
                server.login(unquote(self.url.username), unquote(self.url.password or ""))
            server.send_message(message)
