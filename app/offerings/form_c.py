"""Reads the SEC's Form C family (Regulation Crowdfunding) from its XML.

Every element is kept in `FormC.fields`; the ones we have a place for are read into named values. A value that cannot
be read is left out of the named values, stays in `fields`, and is named in `unreadable`.
Source: SEC, "EDGAR Form C XML Technical Specification"; the element names are those of real filings.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from app.errors import Refused
from app.money import MOST_MINOR, Money
from app.offerings.models import OversubscriptionRule, SecurityType

if TYPE_CHECKING:
    from lxml import etree

NAMESPACE = "http://www.sec.gov/edgar/formc"
#: Real filings are about 10 kB.
LARGEST_BYTES = 2_000_000
CURRENCY = "USD"
#: A number as filings write it. Anything else (1.275,00, 1e3, full-width digits) would be guessing.
NUMBER = re.compile(r"-?(?:(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d*)?|\.\d+)", re.ASCII)
#: A year outside of these is a slip of the pen.
YEARS_TAKEN = range(1800, 2200)

#: What each form is, and whether it opens an offering. Amendments ("C/A") carry the whole statement again.
FORMS = {
    "C": True, "C/A": True, "C-W": False, "C/A-W": False,
    "C-U": False, "C-U-W": False,
    "C-AR": False, "C-AR/A": False, "C-AR-W": False, "C-AR/A-W": False,
    "C-TR": False, "C-TR-W": False,
}  # fmt: skip

#: Those that open an offering.
OPENING = tuple(form for form, opens in FORMS.items() if opens)

SECURITY_TYPES = {
    "common stock": SecurityType.COMMON_STOCK,
    "preferred stock": SecurityType.PREFERRED_STOCK,
    "debt": SecurityType.DEBT,
    "other": SecurityType.OTHER,
}
OVERSUBSCRIPTION = {
    "pro-rata basis": OversubscriptionRule.PRO_RATA,
    "first-come, first-served basis": OversubscriptionRule.FIRST_COME,
    "other": OversubscriptionRule.ISSUERS_CHOICE,
}
#: our name -> the filing's
FINANCIALS = {
    "total_assets": "totalAsset", "cash": "cashEqui", "receivables": "actReceived", "short_term_debt": "shortTermDebt",
    "long_term_debt": "longTermDebt", "revenue": "revenue", "cost_of_goods_sold": "costGoodsSold",
    "taxes_paid": "taxPaid", "net_income": "netIncome",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FormC:
    """One filing. Amounts are in US dollars; `deadline` is a day in the issuer's offering, without a time."""

    form: str
    sha256: str
    cik: str | None
    file_number: str | None
    fields: dict[str, str | list[str]]
    unreadable: tuple[str, ...]
    legal_name: str | None
    legal_form: str | None
    jurisdiction: str | None
    incorporated_on: date | None
    address: dict[str, str]
    website: str | None
    employees: int | None
    security_type: SecurityType | None
    security_description: str | None
    share_price: Decimal | None
    target: Money | None
    maximum: Money | None
    deadline: date | None
    oversubscription_rule: OversubscriptionRule | None
    oversubscription_note: str | None
    disclosure: dict[str, Any]

    @property
    def opens_an_offering(self) -> bool:
        return FORMS[self.form]


def read(content: bytes) -> FormC:
    """Read a filing.

    Raises Refused: "filing_too_large", "filing_unsafe" (a document type, entities), "filing_not_xml",
    "filing_not_form_c" (another namespace), "filing_unknown_form".
    """
    root = _parsed(content)
    fields = _flattened(root)
    form = _one(fields, "headerData/submissionType") or ""
    if form not in FORMS:
        raise Refused("filing_unknown_form", field="file", form=form[:20])
    return _Reader(fields).form_c(form, hashlib.sha256(content).hexdigest(), _signers(root))


def reread(form: str, sha256: str, fields: dict[str, str | list[str]]) -> FormC:
    """A filing that was kept, from its fields; who signed it is not in them."""
    return _Reader(fields).form_c(form, sha256, [])


def _parsed(content: bytes) -> etree._Element:
    from lxml import etree  # only where a filing is read: the library is large

    if len(content) > LARGEST_BYTES:
        raise Refused("filing_too_large", field="file", largest_kb=LARGEST_BYTES // 1000)
    # A filing never declares a document type; an attack (entity expansion, external entities) must.
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\x00" in content:
        raise Refused("filing_unsafe", field="file")
    # Copies of filings often begin with an empty line, which XML does not allow before its declaration.
    content = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused("filing_not_xml", field="file", line=getattr(error, "lineno", None) or 1) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused("filing_unsafe", field="file")  # an encoding (UTF-7, EBCDIC) hid it from the look at the bytes
    if root.tag != f"{{{NAMESPACE}}}edgarSubmission":
        raise Refused("filing_not_form_c", field="file")
    return root


def _name(element: etree._Element) -> str:
    """Without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _flattened(root: etree._Element) -> dict[str, str | list[str]]:
    """Every leaf by its path without namespaces; repeated ones become lists."""
    fields: dict[str, str | list[str]] = {}

    def visit(element: etree._Element, path: str) -> None:
        for child in element:
            name = _name(child)
            visit(child, f"{path}/{name}" if path else name)
        if len(element) == 0 and path:
            text = (element.text or "").strip()
            known = fields.get(path)
            if known is None:
                fields[path] = text
            elif isinstance(known, list):
                known.append(text)  # in place: a hostile file repeats an element a hundred thousand times
            else:
                fields[path] = [known, text]

    visit(root, "")
    return fields


def _one(fields: dict[str, str | list[str]], path: str) -> str | None:
    value = fields.get(path)
    first = value[0] if isinstance(value, list) else value
    return first or None


def _signers(root: etree._Element) -> list[dict[str, str]]:
    """Who signed, each with their own title; one without a title takes nobody else's."""
    signers = []
    for person in root.iter(f"{{{NAMESPACE}}}signaturePerson"):
        parts = {_name(part): _one_line(part.text or "") for part in person}
        name = parts.get("personSignature", "").removeprefix("/s/").strip()
        if name:
            signers.append({"name": name[:200], "role": parts.get("personTitle", "")[:200]})
    return signers


def _one_line(text: str) -> str:
    """Without line breaks and without invisible characters that make a text read as another one."""
    return " ".join("".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf")).split())


def _all(fields: dict[str, str | list[str]], path: str) -> list[str]:
    value = fields.get(path, [])
    return [text for text in (value if isinstance(value, list) else [value]) if text]


class _Reader:
    """Reads named values and remembers which could not be read."""

    OFFERING = "formData/offeringInformation"
    ISSUER = "formData/issuerInformation/issuerInfo"
    REPORT = "formData/annualReportDisclosureRequirements"

    def __init__(self, fields: dict[str, str | list[str]]) -> None:
        self.fields = fields
        self.unreadable: list[str] = []

    def text(self, path: str, longest: int = 1000) -> str | None:
        value = _one_line(_one(self.fields, path) or "")
        return value[:longest] or None

    def cik(self, path: str) -> str | None:
        """Ten digits. Never cut to length: another company may have the number that is left."""
        value = _one(self.fields, path)
        if value is not None and not re.fullmatch(r"[0-9]{1,10}", value):
            self.unreadable.append(path)
            return None
        return None if value is None else value.zfill(10)

    def decimal(self, path: str, places: int, *, negative: bool = False) -> Decimal | None:
        """A number that needs no rounding to have so many digits after its point."""
        value = _one(self.fields, path)
        if value is None:
            return None
        if NUMBER.fullmatch(value):
            number = Decimal(value.replace(",", ""))
            if abs(number) <= MOST_MINOR // 100 and (negative or number >= 0):
                exact = number.quantize(Decimal(1).scaleb(-places))
                if exact == number:
                    return exact
        self.unreadable.append(path)
        return None

    def positive(self, path: str, places: int) -> Decimal | None:
        """Zero stands for "not given" in these forms."""
        return self.decimal(path, places) or None

    def amount(self, path: str) -> Money | None:
        number = self.positive(path, 2)
        return None if number is None else Money.of(number, CURRENCY)

    def minor(self, path: str) -> int | None:
        """A figure that may be negative, in cents."""
        number = self.decimal(path, 2, negative=True)
        return None if number is None else Money.of(number, CURRENCY).minor

    def day(self, path: str) -> date | None:
        value = _one(self.fields, path)
        if value is None:
            return None
        try:
            found = datetime.strptime(value, "%m-%d-%Y").date()
        except ValueError:
            found = None
        if found is None or found.year not in YEARS_TAKEN:
            self.unreadable.append(path)
            return None
        return found

    def form_c(self, form: str, sha256: str, signers: list[dict[str, str]]) -> FormC:
        type_text = (self.text(f"{self.OFFERING}/securityOfferedType") or "").lower()
        described = self.text(f"{self.OFFERING}/securityOfferedOtherDesc", 300)
        target = self.amount(f"{self.OFFERING}/offeringAmount")
        rule = self._oversubscription_rule()
        maximum = self.amount(f"{self.OFFERING}/maximumOfferingAmount")
        price = self.positive(f"{self.OFFERING}/price", 6)
        employees = self.decimal(f"{self.REPORT}/currentEmployees", 0)
        return FormC(
            form=form,
            sha256=sha256,
            cik=self.cik("headerData/filerInfo/filer/filerCredentials/filerCik"),
            file_number=self.text("headerData/filerInfo/filer/fileNumber", 20),
            fields=self.fields,
            legal_name=self.text(f"{self.ISSUER}/nameOfIssuer", 300),
            legal_form=self.text(f"{self.ISSUER}/legalStatus/legalStatusForm", 100),
            jurisdiction=self.text(f"{self.ISSUER}/legalStatus/jurisdictionOrganization", 20),
            incorporated_on=self.day(f"{self.ISSUER}/legalStatus/dateIncorporation"),
            address=self._address(),
            website=self.text(f"{self.ISSUER}/issuerWebsite", 300),
            employees=None if employees is None else int(employees),
            security_type=_security_type(type_text, described),
            security_description=described,
            share_price=price,
            target=target,
            maximum=target if rule is OversubscriptionRule.NOT_ACCEPTED and maximum is None else maximum,
            deadline=self.day(f"{self.OFFERING}/deadlineDate"),
            oversubscription_rule=rule,
            oversubscription_note=self.text(f"{self.OFFERING}/descOverSubscription"),
            disclosure=self._disclosure(signers),
            unreadable=tuple(self.unreadable),
        )

    def _oversubscription_rule(self) -> OversubscriptionRule | None:
        accepted = self.text(f"{self.OFFERING}/overSubscriptionAccepted")
        if accepted is None:
            return None
        if accepted.upper() != "Y":
            return OversubscriptionRule.NOT_ACCEPTED
        kind = self.text(f"{self.OFFERING}/overSubscriptionAllocationType") or ""
        return OVERSUBSCRIPTION.get(kind.lower())

    def _address(self) -> dict[str, str]:
        parts = {
            "street1": "street1", "street2": "street2", "city": "city", "region": "stateOrCountry",
            "postcode": "zipCode",
        }  # fmt: skip
        found = {ours: self.text(f"{self.ISSUER}/issuerAddress/{theirs}", 200) for ours, theirs in parts.items()}
        return {name: value for name, value in found.items() if value}

    def _disclosure(self, signers: list[dict[str, str]]) -> dict[str, Any]:
        texts = {
            "compensation": self.text(f"{self.OFFERING}/compensationAmount"),
            "financial_interest": self.text(f"{self.OFFERING}/financialInterest"),
            "price_method": self.text(f"{self.OFFERING}/priceDeterminationMethod"),
            "securities_offered": self.text(f"{self.OFFERING}/noOfSecurityOffered"),
            "nature_of_amendment": self.text("formData/issuerInformation/natureOfAmendment"),
            "intermediary": self.text("formData/issuerInformation/companyName"),
            "intermediary_file_number": self.text("formData/issuerInformation/commissionFileNumber"),
        }
        told: dict[str, Any] = {name: value for name, value in texts.items() if value is not None}
        told["jurisdictions"] = _all(self.fields, f"{self.REPORT}/issueJurisdictionSecuritiesOffering")
        told["team"] = signers
        told["financials"] = {
            year: {ours: self.minor(f"{self.REPORT}/{theirs}{which}FiscalYear") for ours, theirs in FINANCIALS.items()}
            for year, which in (("latest", "MostRecent"), ("prior", "Prior"))
        }
        return told


def _security_type(text: str, described: str | None) -> SecurityType | None:
    found = SECURITY_TYPES.get(text)
    if found is SecurityType.OTHER and "membership" in (described or "").lower():
        return SecurityType.MEMBERSHIP_INTEREST
    return found
