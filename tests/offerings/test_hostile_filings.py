"""Files that are no filing, or want to be more than one: refused by name, and cheaply."""

from __future__ import annotations

import pytest

from app.errors import Refused
from app.offerings import form_c
from app.offerings.form_c import LARGEST_BYTES, NAMESPACE
from tests.offerings.filings import REAL

LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(10)
) + b"]>"  # fmt: skip
OUTSIDE = b'<!DOCTYPE x [<!ENTITY o SYSTEM "file:///etc/passwd">]>'
BODY = REAL.partition(b"?>")[2].strip()
#: In UTF-7 an angle bracket need not look like one.
UTF7_DOCTYPE = b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x [+ADwAIQ-ENTITY a "b"+AD4]+AD4' + BODY.replace(
    b"+", b"+-"
)


def nested(depth: int) -> bytes:
    return f'<edgarSubmission xmlns="{NAMESPACE}">'.encode() + b"<a>" * depth + b"</a>" * depth + b"</edgarSubmission>"


@pytest.mark.parametrize(
    ("code", "content"),
    [
        ("filing_not_xml", b""),
        ("filing_not_xml", b"   \n"),
        ("filing_not_xml", b"%PDF-1.7 not xml at all"),
        ("filing_not_xml", b"name,amount\nPickleball,50000\n"),
        ("filing_not_xml", REAL[: len(REAL) // 2]),
        ("filing_not_xml", REAL.rstrip()[:-1]),
        ("filing_not_xml", REAL + REAL.partition(b"?>")[2]),
        ("filing_not_xml", REAL.replace(b"LLC</nameOfIssuer>", b"&company;</nameOfIssuer>")),
        ("filing_not_xml", REAL.replace(b"LLC</nameOfIssuer>", b"&#0;</nameOfIssuer>")),
        ("filing_not_xml", REAL.replace(b"LLC</nameOfIssuer>", b"\xff\xfe</nameOfIssuer>")),
        ("filing_not_xml", nested(100_000)),
        ("filing_unsafe", LAUGHS + BODY.replace(b"Etc. LLC</name", b"&k;</name")),
        ("filing_unsafe", OUTSIDE + BODY.replace(b"Etc. LLC</name", b"&o;</name")),
        ("filing_unsafe", b"<!DOCTYPE x>" + BODY),
        ("filing_unsafe", ("<!DOCTYPE x>" + BODY.decode()).encode("utf-16")),
        ("filing_unsafe", BODY.decode().encode("utf-32")),
        ("filing_unsafe", REAL.replace(b"LLC</name", b"\x00</name")),
        ("filing_unsafe", UTF7_DOCTYPE),
        ("filing_not_form_c", BODY.replace(NAMESPACE.encode(), b"http://www.sec.gov/edgar/formd")),
        ("filing_not_form_c", BODY.replace(f'xmlns="{NAMESPACE}" '.encode(), b"")),
        ("filing_not_form_c", f'<formC xmlns="{NAMESPACE}"/>'.encode()),
        ("filing_not_form_c", b"<html/>"),
        ("filing_unknown_form", f'<edgarSubmission xmlns="{NAMESPACE}"/>'.encode()),
        ("filing_too_large", REAL + b" " * LARGEST_BYTES),
        ("filing_too_large", b"<" * 50_000_000),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_a_file_that_is_no_safe_filing_is_refused(code: str, content: bytes) -> None:
    with pytest.raises(Refused) as caught:
        form_c.read(content)
    assert (caught.value.code, caught.value.field) == (code, "file")


def test_the_place_of_a_fault_in_the_file_is_told() -> None:
    broken = REAL.replace(b"</nameOfIssuer>", b"</nameOfIsuer>")
    with pytest.raises(Refused) as caught:
        form_c.read(broken)
    assert caught.value.facts["line"] == REAL[: REAL.index(b"</nameOfIssuer>")].lstrip().count(b"\n") + 1


@pytest.mark.parametrize("before", [b"", b"\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\r\n"])
def test_what_copies_put_before_the_declaration_does_no_harm(before: bytes) -> None:
    assert form_c.read(before + REAL.lstrip()).legal_name == "Pickleball Etc. LLC"


def test_a_file_full_of_one_element_is_read_in_one_pass() -> None:
    """Each repetition once copied all the ones before it: this file then took minutes."""
    room = LARGEST_BYTES - len(REAL)
    content = REAL.replace(b"<currentEmployees>", b"<x/>" * (room // 4) + b"<currentEmployees>")
    fields = form_c.read(content).fields
    assert len(fields["formData/annualReportDisclosureRequirements/x"]) == room // 4
