"""A message is sent once: though the job runs twice, though two run at once, though the mail server was away."""

from __future__ import annotations

import smtplib
import socketserver
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from threading import Barrier

import pytest

from app.jobs import send_notifications
from app.notifications import actions as notifications
from app.notifications.catalog import Message
from app.notifications.mailer import LocalOutbox, Mailer, SmtpMailer
from app.wiring import Platform
from tests.builders import World


class Box:
    """A mail server that may be away, for everybody or for one address."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.away_for: str | None = None

    def send(self, message: EmailMessage) -> None:
        if self.away_for is not None and self.away_for in message["To"]:
            raise smtplib.SMTPServerDisconnected("away")
        self.taken.append(message)

    @property
    def ids(self) -> list[int]:
        return sorted(int(message["X-Message-Id"]) for message in self.taken)


def mailing(world: World, mailer: Mailer) -> Platform:
    return replace(world.platform, mailer=mailer)


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def queued(world: World) -> list[int]:
    """Ten messages that wait, each to somebody else."""
    people = [world.user() for _ in range(10)]
    for person in people:
        with world.acting() as tx:
            notifications.enqueue(tx, person.id, Message.SECURITY_CHANGED, about="x", what="password")
    return [id_ for (id_,) in world.sql("SELECT id FROM messages ORDER BY id")]


def states(world: World) -> list[tuple[bool, int, str | None]]:
    rows = world.sql("SELECT sent_at IS NOT NULL, attempts, last_error FROM messages ORDER BY id")
    return [(sent, attempts, error) for sent, attempts, error in rows]


def test_the_job_run_twice_sends_once(world: World, box: Box, queued: list[int]) -> None:
    for _ in range(2):
        send_notifications.run(mailing(world, box))
        world.let_backoffs_pass()
    assert box.ids == queued
    assert states(world) == [(True, 1, None)] * 10


def test_jobs_at_the_same_time_send_once(world: World, box: Box, queued: list[int]) -> None:
    start = Barrier(3)

    def work(_: int) -> None:
        start.wait()
        send_notifications.run(mailing(world, box))

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert box.ids == queued


def test_the_same_news_is_queued_once_for_each_person(world: World) -> None:
    first, second = world.user(), world.user()
    for person, about in [(first, "a"), (first, "a"), (second, "a"), (first, "b")]:
        with world.acting() as tx:
            notifications.enqueue(tx, person.id, Message.SECURITY_CHANGED, about=about, what="password")
    assert world.sql("SELECT count(*) FROM messages") == [(3,)]


def test_a_mail_server_that_was_away_is_tried_again(world: World, box: Box, queued: list[int]) -> None:
    box.away_for = "@"
    send_notifications.run(mailing(world, box))
    assert states(world) == [(False, 1, "SMTPServerDisconnected: away")] * 10

    send_notifications.run(mailing(world, box))  # too early: nobody is tried
    assert states(world) == [(False, 1, "SMTPServerDisconnected: away")] * 10

    box.away_for = None
    world.let_backoffs_pass()
    send_notifications.run(mailing(world, box))
    assert box.ids == queued
    assert states(world) == [(True, 2, None)] * 10


def test_the_waits_grow_up_to_an_hour(world: World, box: Box, queued: list[int]) -> None:
    box.away_for = "@"
    waits = []
    for _ in range(7):
        send_notifications.run(mailing(world, box))
        (seconds,) = world.sql(
            "SELECT round(extract(epoch FROM next_attempt_at - clock_timestamp()) / 60) FROM messages WHERE id = :id",
            id=queued[0],
        )[0]
        waits.append(int(seconds))
        world.let_backoffs_pass()
    assert waits == [2, 4, 8, 16, 32, 60, 60]


def test_one_that_is_not_taken_does_not_hold_up_the_others(world: World, box: Box, queued: list[int]) -> None:
    (box.away_for,) = world.sql("SELECT email FROM users ORDER BY id LIMIT 1")[0]
    send_notifications.run(mailing(world, box))
    assert box.ids == queued[1:]


def test_one_that_cannot_be_written_does_not_hold_up_the_others(world: World, box: Box, queued: list[int]) -> None:
    world.sql("UPDATE messages SET facts = '{}' WHERE id = :id", id=queued[0])
    world.sql(
        "UPDATE users SET email = 'a@e.test' || chr(10) || 'bcc: b@e.test' WHERE id = (SELECT max(id) FROM users)"
    )
    send_notifications.run(mailing(world, box))
    assert box.ids == queued[1:-1]
    assert [error.split(":")[0] for _, _, error in states(world) if error] == ["UndefinedError", "ValueError"]


def test_a_worker_that_dies_before_sending_loses_nothing(world: World, box: Box, queued: list[int]) -> None:
    with world.acting() as tx:
        assert len(notifications.lease(tx, 50)) == 10
    send_notifications.run(mailing(world, box))
    assert box.ids == []
    world.let_backoffs_pass()
    send_notifications.run(mailing(world, box))
    assert box.ids == queued


def test_the_local_outbox_shows_the_newest_first_and_each_once(world: World, queued: list[int]) -> None:
    outbox = world.platform.mailer
    assert isinstance(outbox, LocalOutbox)
    send_notifications.run(world.platform)
    world.sql("UPDATE messages SET sent_at = NULL")  # as if the last step of the job had been lost
    world.let_backoffs_pass()
    send_notifications.run(world.platform)
    shown = outbox.newest(50)
    assert sorted(int(mail["X-Message-Id"]) for mail in shown) == queued
    assert len(outbox.newest(3)) == 3


# SMTP, over a real socket


class _Session(socketserver.StreamRequestHandler):
    """Enough of an SMTP server to see what a client says."""

    def handle(self) -> None:
        said: list[str] = self.server.said  # type: ignore[attr-defined]
        self.wfile.write(b"220 test\r\n")
        for line in self.rfile:
            word = line.split()[0].upper() if line.split() else b""
            said.append(line.decode().strip())
            if word == b"EHLO":
                self.wfile.write(b"250-test\r\n250 AUTH PLAIN\r\n")
            elif word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                while (text := self.rfile.readline()) not in (b".\r\n", b""):
                    said.append(text.decode().strip())
                self.wfile.write(b"250 taken\r\n")
            elif word == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def smtp() -> Iterator[tuple[str, list[str]]]:
    """A server without STARTTLS: its address, and everything that was said to it."""
    with socketserver.TCPServer(("127.0.0.1", 0), _Session) as server:
        server.said = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}", server.said  # type: ignore[attr-defined]
        server.shutdown()
        thread.join()


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.test", "b@example.test", "认购"
    message.set_content("Words\n.\nMore words\n")
    return message


def test_a_mail_goes_out_over_smtp(smtp: tuple[str, list[str]]) -> None:
    address, said = smtp
    SmtpMailer(f"smtp://{address}").send(mail())
    assert "mail FROM:<a@example.test>" in said[1]
    assert "More words" in said  # a line with a single dot ends nothing


def test_the_password_is_never_sent_over_a_line_that_others_can_read(smtp: tuple[str, list[str]]) -> None:
    address, said = smtp
    with pytest.raises(OSError, match="STARTTLS"):
        SmtpMailer(f"smtp://user:secret@{address}").send(mail())
    assert [word.split()[0].upper() for word in said] == ["EHLO", "QUIT"]
