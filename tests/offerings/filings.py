"""Form C files: the real one, and variants of it."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

import app.demo
from app.offerings.form_c import NAMESPACE

REAL = (Path(app.demo.__file__).parent / "filings" / "pickleball.C.xml").read_bytes()
FORMDATA = "formData/offeringInformation"


def parsed(content: bytes = REAL) -> etree._Element:
    return etree.fromstring(content)


def leaves(root: etree._Element) -> list[etree._Element]:
    return [element for element in root.iter() if len(element) == 0]


def name_of(element: etree._Element) -> str:
    return etree.QName(element).localname


def named(root: etree._Element, name: str) -> etree._Element:
    """The first element with this name."""
    return next(element for element in root.iter() if name_of(element) == name)


def path_of(element: etree._Element) -> str:
    names = [name_of(element), *(name_of(above) for above in element.iterancestors())]
    return "/".join(reversed(names[:-1]))


def written(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def changed(**texts: str | None) -> bytes:
    """The real filing with other texts; None takes the element out."""
    root = parsed()
    for name, text in texts.items():
        element = named(root, name)
        if text is None:
            above = element.getparent()
            assert above is not None
            above.remove(element)
        else:
            element.text = text
    return written(root)


def as_form(form: str, **texts: str | None) -> bytes:
    """The real filing under another form's name."""
    return changed(submissionType=form, **texts)


def with_more(after: str, *new: tuple[str, str]) -> bytes:
    """The real filing with further elements after the first one of this name."""
    root = parsed()
    place = named(root, after)
    for name, text in reversed(new):
        element = etree.Element(f"{{{NAMESPACE}}}{name}")
        element.text = text
        place.addnext(element)
    return written(root)


def signed_by(*people: tuple[str, str | None]) -> bytes:
    root = parsed()
    signers = named(root, "signaturePersons")
    signers.clear()
    for name, title in people:
        person = etree.SubElement(signers, f"{{{NAMESPACE}}}signaturePerson")
        etree.SubElement(person, f"{{{NAMESPACE}}}personSignature").text = name
        if title is not None:
            etree.SubElement(person, f"{{{NAMESPACE}}}personTitle").text = title
    return written(root)


def numbered(form: str, file_number: str, **texts: str | None) -> bytes:
    """The real filing under another form's name, with the number that the SEC gave it."""
    root = etree.fromstring(as_form(form, **texts))
    number = etree.Element(f"{{{NAMESPACE}}}fileNumber")
    number.text = file_number
    named(root, "filerCredentials").addnext(number)
    return written(root)
