"""What is read from a filing: every element is kept, named values only where they can be read for certain."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.errors import Refused
from app.money import Money
from app.offerings import form_c
from app.offerings.models import OversubscriptionRule, SecurityType
from tests.offerings.filings import FORMDATA, REAL, as_form, changed, leaves, parsed, path_of, signed_by, with_more


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def test_the_real_filing_is_read_as_it_was_filed() -> None:
    filing = form_c.read(REAL)
    assert (filing.form, filing.cik, filing.file_number) == ("C", "0002011047", None)
    assert filing.opens_an_offering
    assert filing.legal_name == "Pickleball Etc. LLC"
    assert (filing.legal_form, filing.jurisdiction) == ("Limited Liability Company", "CA")
    assert filing.incorporated_on == date(2023, 12, 11)
    assert filing.address == {
        "street1": "19401 SOUTH MAIN STREET", "city": "CARSON", "region": "CA", "postcode": "90248",
    }  # fmt: skip
    assert (filing.website, filing.employees) == ("www.powerplaypb.com", 0)
    assert (filing.security_type, filing.security_description) == (
        SecurityType.MEMBERSHIP_INTEREST,
        "Membership Interests",
    )
    assert (filing.share_price, filing.target, filing.maximum) == (Decimal("1.2"), usd("50000"), usd("950000"))
    assert (filing.deadline, filing.oversubscription_rule) == (date(2024, 12, 31), OversubscriptionRule.FIRST_COME)
    assert filing.unreadable == ()


def test_what_the_real_filing_tells_beside_the_terms_is_kept_too() -> None:
    told = form_c.read(REAL).disclosure
    assert told["team"] == [{"name": "Steven Raack", "role": "Managing Member"}]
    assert told["compensation"].startswith("A fee equal of 3% in cash")
    assert (told["financial_interest"], told["securities_offered"]) == ("No", "41666")
    assert told["intermediary"] == "ANDES CAPITAL GROUP, LLC"
    assert told["intermediary_file_number"] == "008-67202"
    assert told["price_method"] == "Determined arbitrarily by the issuer"
    assert len(told["jurisdictions"]) == 56
    assert set(told["financials"]["latest"].values()) == set(told["financials"]["prior"].values()) == {0}


@pytest.mark.parametrize("name", ["pickleball.C.xml", "neurotez.C-TR.xml", "hidden-sea.C-U.xml"])
def test_every_element_of_a_real_filing_is_kept(name: str) -> None:
    content = (Path(form_c.__file__).parents[1] / "demo" / "filings" / name).read_bytes().strip()
    fields = form_c.read(content).fields
    found = Counter((path_of(leaf), (leaf.text or "").strip()) for leaf in leaves(parsed(content)))
    kept = Counter(
        (path, text) for path, value in fields.items() for text in (value if isinstance(value, list) else [value])
    )
    assert kept == found


@pytest.mark.parametrize(
    ("form", "opens"),
    [
        ("C", True), ("C/A", True), ("C-W", False), ("C-U", False), ("C-U-W", False), ("C-AR", False),
        ("C-AR/A", False), ("C-AR-W", False), ("C-AR/A-W", False), ("C-TR", False), ("C-TR-W", False), ("C/A-W", False),
    ],
)  # fmt: skip
def test_every_form_of_the_family_is_recognised(form: str, opens: bool) -> None:
    filing = form_c.read(as_form(form))
    assert (filing.form, filing.opens_an_offering) == (form, opens)
    assert filing.legal_name == "Pickleball Etc. LLC"


@pytest.mark.parametrize("form", ["D", "1-A", "c", "C-X", "C ", None, ""])
def test_a_form_of_another_family_is_refused(form: str | None) -> None:
    content = changed(submissionType=form)
    if form == "C ":
        assert form_c.read(content).form == "C"
        return
    with pytest.raises(Refused) as caught:
        form_c.read(content)
    assert (caught.value.code, caught.value.field) == ("filing_unknown_form", "file")


def test_an_amendment_says_what_it_amends() -> None:
    content = with_more("submissionType").replace(b"<submissionType>C<", b"<submissionType>C/A<")
    content = content.replace(b"</filer>", b"<fileNumber>020-33261</fileNumber></filer>")
    content = content.replace(
        b"<issuerInformation>", b"<issuerInformation><natureOfAmendment>New price</natureOfAmendment>"
    )
    filing = form_c.read(content)
    assert (filing.form, filing.file_number) == ("C/A", "020-33261")
    assert filing.disclosure["nature_of_amendment"] == "New price"


# Numbers and days


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("50000", "50000"), ("50,000.00", "50000"), ("1,234,567.8", "1234567.8"), (".50", "0.50"), ("7.", "7"),
        ("50000.0000", "50000"), (" 50000 ", "50000"),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_filings_write_it(text: str, read: str) -> None:
    assert form_c.read(changed(offeringAmount=text)).target == usd(read)


@pytest.mark.parametrize("text", ["0", "0.00", "", "   ", None])
def test_zero_stands_for_not_given(text: str | None) -> None:
    filing = form_c.read(changed(offeringAmount=text))
    assert (filing.target, filing.unreadable) == (None, ())


@pytest.mark.parametrize(
    "text",
    [
        "1.275,00", "1,27,5", "1e3", "1_000", "５００００", "$50,000", "-50000", "fifty thousand", "NaN", "Infinity",
        "50000.005", "0.001", "1000000000000", "9" * 400, "1" + "0" * 20, "50 000", "٥٠٠",
    ],
)  # fmt: skip
def test_an_amount_that_can_be_read_in_two_ways_is_not_read(text: str) -> None:
    filing = form_c.read(changed(offeringAmount=text))
    assert (filing.target, filing.unreadable) == (None, (f"{FORMDATA}/offeringAmount",))
    assert filing.fields[f"{FORMDATA}/offeringAmount"] == text


@pytest.mark.parametrize(
    ("text", "price"),
    [("0.333333", "0.333333"), ("1.20000", "1.2"), ("0.3333333", None), ("0.0000001", None), ("-1", None), ("0", None)],
)
def test_a_share_price_has_at_most_six_digits_after_its_point(text: str, price: str | None) -> None:
    assert form_c.read(changed(price=text)).share_price == (None if price is None else Decimal(price))


@pytest.mark.parametrize(("text", "employees"), [("12.00", 12), ("0", 0), ("2.5", None), ("-3", None), ("a few", None)])
def test_employees_are_whole_people(text: str, employees: int | None) -> None:
    assert form_c.read(changed(currentEmployees=text)).employees == employees


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("02-29-2024", date(2024, 2, 29)), ("02-29-2023", None), ("2024-12-31", None), ("31-12-2024", None),
        ("12-31-9999", None), ("12-31-0001", None), ("soon", None),
    ],
)  # fmt: skip
def test_a_day_that_is_no_day_is_not_read(text: str, day: date | None) -> None:
    filing = form_c.read(changed(deadlineDate=text))
    assert filing.deadline == day
    assert bool(filing.unreadable) == (day is None)


@pytest.mark.parametrize(("text", "minor"), [("-1234.56", -123456), ("0.00", 0), ("12", 1200), ("n/a", None)])
def test_a_financial_figure_may_be_negative(text: str, minor: int | None) -> None:
    told = form_c.read(changed(netIncomePriorFiscalYear=text)).disclosure
    assert told["financials"]["prior"]["net_income"] == minor
    assert told["financials"]["latest"]["net_income"] == 0


# Names and texts


@pytest.mark.parametrize(
    ("text", "cik"), [("0002011047", "0002011047"), ("2011047", "0002011047"), ("00020110471", None), ("CIK", None)]
)
def test_the_filers_number_is_never_cut_to_that_of_another(text: str, cik: str | None) -> None:
    assert form_c.read(changed(filerCik=text)).cik == cik


@pytest.mark.parametrize(
    "name",
    ["Pickle\r\n  ball\tLLC", "Pickle \u202eball\u202c LLC", "\u200bPickle ball LLC\ufeff", "Pickle\u0085ball LLC"],
)
def test_a_name_is_one_line_without_invisible_characters(name: str) -> None:
    filing = form_c.read(changed(nameOfIssuer=name))
    assert filing.legal_name == "Pickle ball LLC"


def test_a_comment_does_not_cut_a_text() -> None:
    content = REAL.replace(b"Pickleball Etc. LLC</name", b"Pick<!-- !! -->leball<?x y?> Etc. LLC</name")
    assert form_c.read(content).legal_name == "Pickleball Etc. LLC"


def test_who_signs_without_a_title_takes_nobody_elses() -> None:
    content = signed_by(("/s/ Ann", None), ("Bo", "Director"), ("", "Ghost"), ("Cy", ""))
    assert form_c.read(content).disclosure["team"] == [
        {"name": "Ann", "role": ""},
        {"name": "Bo", "role": "Director"},
        {"name": "Cy", "role": ""},
    ]


@pytest.mark.parametrize(
    ("texts", "rule", "maximum"),
    [
        ({}, OversubscriptionRule.FIRST_COME, "950000"),
        ({"overSubscriptionAllocationType": "Pro-rata basis"}, OversubscriptionRule.PRO_RATA, "950000"),
        ({"overSubscriptionAllocationType": "Other"}, OversubscriptionRule.ISSUERS_CHOICE, "950000"),
        ({"overSubscriptionAllocationType": "By lot"}, None, "950000"),
        ({"overSubscriptionAllocationType": None}, None, "950000"),
        ({"overSubscriptionAccepted": "N"}, OversubscriptionRule.NOT_ACCEPTED, "950000"),
        (
            {"overSubscriptionAccepted": "N", "maximumOfferingAmount": None},
            OversubscriptionRule.NOT_ACCEPTED,
            "50000",
        ),
        ({"overSubscriptionAccepted": None}, None, "950000"),
    ],
)
def test_oversubscription_is_read_in_the_forms_own_words(
    texts: dict[str, str | None], rule: OversubscriptionRule | None, maximum: str
) -> None:
    filing = form_c.read(changed(**texts))
    assert (filing.oversubscription_rule, filing.maximum) == (rule, usd(maximum))


@pytest.mark.parametrize(
    ("kind", "described", "read"),
    [
        ("Common Stock", None, SecurityType.COMMON_STOCK),
        ("Preferred Stock", "Series Seed", SecurityType.PREFERRED_STOCK),
        ("Debt", None, SecurityType.DEBT),
        ("Other", "Membership units", SecurityType.MEMBERSHIP_INTEREST),
        ("Other", "SAFE", SecurityType.OTHER),
        ("Tokens", None, None),
        (None, None, None),
    ],
)
def test_the_kind_of_security_is_one_of_the_forms(
    kind: str | None, described: str | None, read: SecurityType | None
) -> None:
    filing = form_c.read(changed(securityOfferedType=kind, securityOfferedOtherDesc=described))
    assert (filing.security_type, filing.security_description) == (read, described)
