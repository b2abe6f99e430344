"""Files stay held until a scanner has seen them; what it finds something in is thrown away."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from app.errors import NotFound
from app.evidence import queries
from app.evidence.scanner import ClamdScanner
from app.jobs import scan_evidence
from tests.builders import PDF, World

FOUND = b"stream: Eicar-Test-Signature FOUND\0"


@contextmanager
def clamd(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A server that speaks as ClamAV's daemon does, and remembers what it was shown."""
    seen: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert self.rfile.read(10) == b"zINSTREAM\0"
            content = b""
            while length := int.from_bytes(self.rfile.read(4), "big"):
                content += self.rfile.read(length)
            seen.append(content)
            self.wfile.write(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"clamd://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()
        thread.join()


def scanned(world: World, url: str) -> int:
    return scan_evidence.run(replace(world.platform, scanner=ClamdScanner(url, timeout_s=5)))


def claimed(world: World) -> int:
    """A file of evidence for a claim that waits."""
    from app.compliance import actions as compliance
    from app.investors.models import ClaimKind

    with world.acting() as tx:
        case = compliance.claim_status(tx, world.investor(), ClaimKind.ACCREDITED_US, "I am.")
    return world.prove(case.subject_id).id


def status(world: World, file_id: int) -> str:
    with world.looking() as view:
        return queries.file(view.session, file_id).status


def test_without_a_scanner_a_file_stays_held(world: World) -> None:
    file_id = claimed(world)
    assert scan_evidence.run(world.platform) == 0
    assert status(world, file_id) == "quarantined"


def test_a_scanner_sees_the_file_as_it_was_handed_in(world: World) -> None:
    file_id = claimed(world)
    with clamd(b"stream: OK\0") as (url, seen):
        assert scanned(world, url) == 1
        assert scanned(world, url) == 0
    assert seen == [PDF]
    assert status(world, file_id) == "clean"


def test_what_a_scanner_finds_something_in_is_thrown_away(world: World) -> None:
    file_id = claimed(world)
    with clamd(FOUND) as (url, _):
        assert scanned(world, url) == 1
    with world.looking() as view:
        found = queries.file(view.session, file_id)
        assert (found.status, found.sealed) == ("rejected", None)
        with pytest.raises(NotFound):
            queries.content(found, world.platform.vault)
    ((facts,),) = world.sql("SELECT facts FROM audit_events WHERE event = 'reject'")
    assert facts == {"finding": "Eicar-Test-Signature"}


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: OK?\0"])
def test_an_unclear_answer_clears_nothing(world: World, answer: bytes) -> None:
    file_id = claimed(world)
    before = world.contents()
    with clamd(answer) as (url, _), pytest.raises(ExceptionGroup):
        scanned(world, url)
    assert world.contents() == before
    assert status(world, file_id) == "quarantined"


def test_a_scanner_that_is_away_clears_nothing(world: World) -> None:
    claimed(world)
    before = world.contents()
    with pytest.raises(ExceptionGroup):
        scanned(world, "clamd://127.0.0.1:9")
    assert world.contents() == before


def test_a_file_is_unreadable_in_the_database(world: World) -> None:
    file_id = claimed(world)
    ((sealed,),) = world.sql("SELECT sealed FROM evidence_files WHERE id = :id", id=file_id)
    assert b"%PDF" not in bytes(sealed)
    with world.looking() as view:
        assert queries.content(queries.file(view.session, file_id), world.platform.vault) == PDF
