"""A file of evidence is taken for what its bytes are, and refused when it is something else or hides something."""

from __future__ import annotations

import zlib

import pytest

from app.errors import Refused
from app.evidence.inspection import inspect
from tests.builders import PDF

LARGEST = 10_000_000


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0")
    + chunk(b"IDAT", zlib.compress(b"\0\0"))
    + chunk(b"IEND", b"")
)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + b"\0" * 40 + b"\xff\xd9"
ZIP = b"PK\x05\x06" + b"\0" * 18


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("tax.pdf", PDF, "application/pdf"),
        ("TAX.PDF", PDF + b"\r\n\r\n", "application/pdf"),
        ("statement.png", PNG, "image/png"),
        ("photo.JPEG", JPEG + b"a camera's note", "image/jpeg"),
        ("资产证明.pdf", PDF, "application/pdf"),
    ],
)
def test_a_whole_file_is_taken_by_what_it_is(name: str, content: bytes, media_type: str) -> None:
    assert inspect(name, content, LARGEST) == media_type


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("tax.pdf", b"", "evidence_empty"),
        ("tax.pdf", b"%PDF-1.4" + b"0" * LARGEST, "evidence_too_large"),
        ("tax.pdf", b"<html><script>1</script>", "evidence_type"),
        ("tax.pdf", b"MZ\x90\0" + b"\0" * 100, "evidence_type"),
        ("tax.pdf", ZIP, "evidence_type"),
        ("picture.svg", b"<svg onload='1'/>", "evidence_type"),
        ("tax.pdf", PNG, "evidence_name_lies"),
        ("photo.png", JPEG, "evidence_name_lies"),
        ("tax.pdf.exe", PDF, "evidence_name_lies"),
        ("tax", PDF, "evidence_name_lies"),
        ("tax.pdf", PDF[:-10], "evidence_broken"),
        ("statement.png", PNG + ZIP, "evidence_broken"),
        ("tax.pdf", PDF + b"0" * 100, "evidence_broken"),
        ("photo.jpg", JPEG[:-2], "evidence_broken"),
        ("tax.pdf", PDF.replace(b"trailer<<>>", b"trailer<</Encrypt 5 0 R>>"), "evidence_encrypted"),
    ],
)
def test_what_lies_or_hides_something_is_refused(name: str, content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        inspect(name, content, LARGEST)
    assert (refused.value.code, refused.value.field) == (code, "file")


def test_the_largest_file_is_taken_and_one_byte_more_is_not() -> None:
    assert inspect("tax.pdf", PDF, len(PDF)) == "application/pdf"
    with pytest.raises(Refused, match="evidence_too_large"):
        inspect("tax.pdf", PDF, len(PDF) - 1)
