"""A camt.053 statement (ISO 20022, BankToCustomerStatement), of any of its versions.

Source: ISO 20022, message definition report "Bank-to-Customer Cash Management".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from app.errors import Refused
from app.money import Money
from app.payments.statements import cells
from app.payments.statements.lines import Statement, StatementLine, statement

if TYPE_CHECKING:
    from lxml import etree

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
#: The balances that a statement opens and closes with; an opening one may be told as the closing one before.
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read(content: bytes, currency: str) -> Statement:
    """One statement of one account in one currency; entries that are not booked yet are left out.

    Raises Refused, with the line where there is one.
    """
    root = _parsed(content)
    found = _all(root, "BkToCstmrStmt/Stmt")
    if len(found) != 1:
        raise Refused("bank_file_not_camt", field="file")
    stmt = found[0]
    opening, closing = (_balance(stmt, codes, currency) for codes in (_OPENING, _CLOSING))
    lines = [line for entry in _all(stmt, "Ntry") for line in _lines(entry, currency)]
    if len(lines) > cells.MOST_LINES:
        raise Refused("bank_file_lines_many", field="file", most=cells.MOST_LINES)
    counted = _text(stmt, "TxsSummry/TtlNtries/NbOfNtries")
    if counted and counted != str(len(_all(stmt, "Ntry"))):
        raise Refused("bank_file_cut", field="file")
    account = _text(stmt, "Acct/Id/IBAN") or _text(stmt, "Acct/Id/Othr/Id")
    return statement(account, opening, closing, lines)


def _parsed(content: bytes) -> etree._Element:
    """As filings are parsed: no document type, no entities, no network."""
    from lxml import etree  # only where a file is read: the library is large

    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Refused("bank_file_not_camt", field="file")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content.lstrip(b"\xef\xbb\xbf \t\r\n"), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused("bank_file_row", field="file", line=getattr(error, "lineno", None) or 1) from None
    namespace = etree.QName(root).namespace or ""
    if root.getroottree().docinfo.internalDTD is not None or not namespace.startswith(_NAMESPACE):
        raise Refused("bank_file_not_camt", field="file")
    return root


def _all(element: etree._Element, path: str) -> list[etree._Element]:
    return element.findall("/".join(f"{{*}}{part}" for part in path.split("/")))


def _text(element: etree._Element, path: str) -> str:
    found = _all(element, path)
    return (found[0].text or "").strip() if found else ""


def _line(element: etree._Element) -> int:
    number: int | None = getattr(element, "sourceline", None)
    return number or 0


def _amount(element: etree._Element, currency: str) -> Money:
    """The `Amt` in an element, without its sign."""
    found = _all(element, "Amt")
    if len(found) != 1:
        raise Refused("bank_file_amount", field="file", line=_line(element))
    cells.currency(found[0].get("Ccy", ""), currency, line=_line(found[0]))
    amount = cells.amount(found[0].text or "", currency, line=_line(found[0]))
    if amount.minor < 0:
        raise Refused("bank_file_amount", field="file", line=_line(found[0]))
    return amount


def _signed(element: etree._Element, amount: Money) -> Money:
    mark = _text(element, "CdtDbtInd")
    if mark not in ("CRDT", "DBIT"):
        raise Refused("bank_file_amount", field="file", line=_line(element))
    return amount if mark == "CRDT" else Money.zero(amount.currency) - amount


def _balance(stmt: etree._Element, codes: tuple[str, ...], currency: str) -> Money:
    for code in codes:
        for balance in _all(stmt, "Bal"):
            if _text(balance, "Tp/CdOrPrtry/Cd") == code:
                return _signed(balance, _amount(balance, currency))
    raise Refused("bank_file_cut", field="file")


def _lines(entry: etree._Element, currency: str) -> Iterator[StatementLine]:
    """One line an entry; one a payment where the bank booked several as one and tells each amount."""
    if (_text(entry, "Sts/Cd") or _text(entry, "Sts")) not in ("BOOK", ""):
        return
    whole = _amount(entry, currency)
    day = _text(entry, "BookgDt/Dt") or _text(entry, "BookgDt/DtTm")
    booked_on = cells.day(day[:10], "%Y-%m-%d", line=_line(entry))
    parts = _all(entry, "NtryDtls/TxDtls")
    bank_id = _text(entry, "AcctSvcrRef") or None
    if len(parts) < 2:
        about = parts[0] if parts else entry
        bank_id = bank_id or _text(about, "Refs/AcctSvcrRef") or None
        yield _made(entry, booked_on, _signed(entry, whole), about, bank_id)
        return
    amounts = [_amount(part, currency) for part in parts]
    if sum(amount.minor for amount in amounts) != whole.minor:
        raise Refused("bank_file_amount", field="file", line=_line(entry))
    for number, (part, amount) in enumerate(zip(parts, amounts, strict=True), 1):
        own = _text(part, "Refs/AcctSvcrRef") or (f"{bank_id}/{number}" if bank_id else None)
        yield _made(entry, booked_on, _signed(entry, amount), part, own)


def _made(
    entry: etree._Element, booked_on: date, amount: Money, about: etree._Element, bank_id: str | None
) -> StatementLine:
    """The other side is the debtor of what came in, and the creditor of what went out."""
    side = "Dbtr" if amount.minor >= 0 else "Cdtr"
    written = [part.text or "" for part in _all(about, "RmtInf/Ustrd")]
    return StatementLine(
        number=_line(entry),
        booked_on=booked_on,
        amount=amount,
        text=cells.text(
            _text(about, "RmtInf/Strd/CdtrRefInf/Ref"), *written, _text(about, "Refs/EndToEndId"),
            _text(about, "Refs/InstrId"), _text(entry, "AddtlNtryInf"),
        ),
        payer=cells.text(_text(about, f"RltdPties/{side}/Nm") or _text(about, f"RltdPties/{side}/Pty/Nm")),
        payer_account=cells.text(
            _text(about, f"RltdPties/{side}Acct/Id/IBAN") or _text(about, f"RltdPties/{side}Acct/Id/Othr/Id")
        ),
        bank_id=bank_id,
    )  # fmt: skip
