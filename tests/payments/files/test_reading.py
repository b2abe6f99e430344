"""A statement is read whole, exactly, or refused with the line."""

from __future__ import annotations

from datetime import date

import pytest

from app.errors import Refused
from app.money import Money
from app.payments.statements import cells, profile, reader
from app.payments.statements.lines import Statement
from tests.payments.files.statements import HEADER, camt, csv, entry, row

PLAIN = profile.read(profile.PLAIN.read_text("utf-8"))
GERMAN = profile.read("""
delimiter = ";"
encoding = "latin-1"
date_format = "%d.%m.%Y"
decimal = ","
thousands = "."
sign = "columns"
[columns]
date = "Buchungstag"
in = "Haben"
out = "Soll"
text = ["Verwendungszweck", "Kundenreferenz"]
payer = "Name"
""")
MARKED = profile.read("""
sign = "mark"
marks_out = ["D", "借"]
opening = "期初余额"
closing = "期末余额"
[columns]
date = "日期"
amount = "金额"
mark = "方向"
text = ["摘要"]
""")


def read(content: bytes) -> Statement:
    return reader.read(content, PLAIN, "USD")


def refused(content: bytes, form: profile.Profile = PLAIN) -> tuple[str, int | None]:
    with pytest.raises(Refused) as refusal:
        reader.read(content, form, "USD")
    assert refusal.value.field == "file"
    return refusal.value.code, refusal.value.facts.get("line")


def test_a_plain_statement_is_read() -> None:
    found = read(
        csv(row("100.00", "P-2345", id_="B1", name="Ada", account="DE1"), row("-30.5", "out"), opening="20.00")
    )
    first, second = (known.line for known in found.lines)
    assert (found.opening, found.closing) == (Money(2000, "USD"), Money(8950, "USD"))
    assert (first.booked_on, first.amount, first.bank_id) == (date(2026, 3, 2), Money(10_000, "USD"), "B1")
    assert (first.text, first.payer, first.payer_account) == ("P-2345", "Ada", "DE1")
    assert (second.amount, second.bank_id) == (Money(-3050, "USD"), None)


def test_a_bank_with_two_columns_and_decimal_commas_is_read_with_typed_balances() -> None:
    content = "Kontoauszug März\nBuchungstag;Name;Verwendungszweck;Kundenreferenz;Haben;Soll\n02.03.2026;Jürgen;P-2;;1.234,50;\n03.03.2026;;Gebühr;;;4,50\n"
    found = reader.read(content.encode("latin-1"), GERMAN, "EUR", ("10,00", "1.240,00"))
    assert [known.line.amount.minor for known in found.lines] == [123_450, -450]
    assert found.lines[0].line.payer == "Jürgen"
    with pytest.raises(Refused, match="bank_file_cut"):
        reader.read(content.encode("latin-1"), GERMAN, "EUR")
    with pytest.raises(Refused, match="bank_file_sum"):
        reader.read(content.encode("latin-1"), GERMAN, "EUR", ("10,00", "1.240,01"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_chinese_is_read_in_every_usual_encoding(encoding: str) -> None:
    text = "日期,金额,方向,摘要\n期初余额,0\n2026-03-02,100.00,贷,认购 P-2\n2026-03-02,40,借,退款\n期末余额,60.00\n"
    found = reader.read(text.encode(encoding), MARKED, "CNY")
    assert [(known.line.amount.minor, known.line.text) for known in found.lines] == [
        (10_000, "认购 P-2"),
        (-4000, "退款"),
    ]


def test_bytes_that_are_no_text_are_refused_with_their_line() -> None:
    good = csv(row("1.00", "one"), row("2.00", "two"))
    assert refused(good.replace(b"two", b"tw\xff\xff")) == ("bank_file_encoding", 4)
    assert refused(good.replace(b"two", b"t\x00o")) == ("bank_file_encoding", 4)


AMOUNTS = ["1e3", "1E3", "NaN", "Infinity", "10.005", "", "1,000.00", "0x10", "1_000", "１００", "٣", "--5", "5-", "10.", ".5", "1 000", "99999999999999999"]  # fmt: skip


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_that_is_none_refuses_the_file(amount: str) -> None:
    content = csv(row("1.00"), row("2.00")).replace(b",2.00,", f',"{amount}",'.encode())
    assert refused(content) == ("bank_file_amount", 4)


@pytest.mark.parametrize("formula", ["=1+1", "+5.00", "@SUM(A1)", "＝1+1", "＋5", "－5", "＠A1", "=HYPERLINK(1)"])
def test_a_formula_where_an_amount_belongs_refuses_the_file(formula: str) -> None:
    content = csv(row("1.00"), row("2.00")).replace(b",2.00,", f',"{formula}",'.encode())
    assert refused(content) == ("bank_file_formula", 4)


def test_a_formula_in_a_text_stays_a_text() -> None:
    assert read(csv(row("1.00", "=1+1"))).lines[0].line.text == "=1+1"
    assert read(csv(row("1.00", "＝cmd|calc"))).lines[0].line.text == "＝cmd|calc"


def test_yen_have_no_minor_units() -> None:
    content = csv(row("500", currency="JPY"), opening="0", closing="500")
    assert reader.read(content, PLAIN, "JPY").lines[0].line.amount == Money(500, "JPY")
    with pytest.raises(Refused, match="bank_file_amount"):
        reader.read(content.replace(b",500,", b",500.5,"), PLAIN, "JPY")


def test_dinars_have_three_digits_as_csv_and_as_xml() -> None:
    files = [
        csv(row("1234.567", currency="KWD"), opening="0.001"),
        camt(entry("1234.567", currency="KWD"), opening="0.001", closing="1234.568", currency="KWD"),
    ]
    for content in files:
        found = reader.read(content, PLAIN, "KWD")
        assert (found.lines[0].line.amount.minor, found.closing) == (1_234_567, Money(1_234_568, "KWD"))
        with pytest.raises(Refused, match="bank_file_amount"):
            reader.read(content.replace(b"1234.567", b"1234.5671"), PLAIN, "KWD")


def test_every_cut_of_a_file_is_refused() -> None:
    whole = csv(row("100.00", "P-2", id_="B1"), row("23.45", "P-3", id_="B2"), opening="10.00").rstrip(b"\n")
    assert len(read(whole).lines) == 2
    for length in range(len(whole)):
        # Without its last cents the closing balance is another one.
        with pytest.raises(Refused, match="bank_file_"):
            read(whole[:length])


def test_every_cut_of_an_xml_file_is_refused() -> None:
    whole = camt(entry("100.00", ref="B1"), closing="100.00")
    assert len(read(whole).lines) == 1
    for length in range(len(whole)):
        with pytest.raises(Refused, match="bank_file_"):
            read(whole[:length])


def test_what_does_not_add_up_is_refused() -> None:
    assert refused(csv(row("100.00"), closing="99.99")) == ("bank_file_sum", None)
    assert refused(camt(entry("100.00"), closing="99.99")) == ("bank_file_sum", None)


def test_rows_that_do_not_belong_are_refused() -> None:
    assert refused(csv(row("1.00")) + row("1.00").encode()) == ("bank_file_row", 5)
    assert refused(csv(row("1.00").rsplit(",", 1)[0])) == ("bank_file_row", 3)
    assert refused(csv(row("1.00", day="2026-02-30"))) == ("bank_file_date", 3)
    assert refused(csv(row("1.00", currency="EUR"))) == ("bank_file_currency", 3)
    assert refused(b"a,b\n1,2\n")[0] == "bank_file_columns"
    assert refused(f"{HEADER}\nClosing balance,1.00\n".encode()) == ("bank_file_row", 2)
    assert refused(b"")[0] == "bank_file_columns"
    assert refused(csv(row("1.00", '"open')))[0] == "bank_file_row"


def test_a_file_that_is_too_large_is_refused_unread() -> None:
    assert refused(b"x" * ((cells.LARGEST_MB << 20) + 1))[0] == "bank_file_large"


def test_a_doubled_line_with_the_banks_id_counts_once() -> None:
    found = read(csv(row("5.00", id_="B1"), row("5.00", id_="B1"), closing="5.00"))
    assert [known.id for known in found.lines] == ["bank:B1"]
    assert refused(csv(row("5.00", id_="B1"), row("6.00", id_="B1"), closing="5.00")) == ("bank_file_line_differs", 4)


@pytest.mark.parametrize("closing", ["5.00", "10.00"])
def test_a_doubled_line_without_an_id_is_marked_whether_it_counts_or_not(closing: str) -> None:
    found = read(csv(row("5.00", "same"), row("5.00", "same"), closing=closing))
    assert [known.doubled for known in found.lines] == [False, True]
    assert found.counts_doubled == (closing == "10.00")
    assert refused(csv(row("5.00", "same"), row("5.00", "same"), closing="15.00"))[0] == "bank_file_sum"


def test_a_long_number_of_the_bank_is_kept_apart_from_another() -> None:
    found = read(csv(row("5.00", id_="9" * 400), row("5.00", id_="9" * 399)))
    assert len({known.id for known in found.lines}) == 2 and max(len(known.id) for known in found.lines) < 100


# camt.053


@pytest.mark.parametrize("version", ["02", "08", "13"])
def test_a_camt_statement_is_read(version: str) -> None:
    pending = entry("7.00", status="<Cd>PDNG</Cd>")
    found = read(
        camt(
            entry("100.00", ref="B1", text="P-2345"), entry("30.00", "DBIT"), pending, closing="70.00", version=version
        )
    )
    first, second = (known.line for known in found.lines)
    assert (first.amount.minor, first.bank_id, first.text) == (10_000, "B1", "P-2345")
    assert (first.payer, first.payer_account) == ("Ada Lovelace", "DE89370400440532013000")
    assert (second.amount.minor, found.account) == (-3000, "1234567")


def test_payments_that_the_bank_booked_as_one_are_told_apart() -> None:
    parts = "".join(
        f'<TxDtls><Amt Ccy="USD">{amount}</Amt><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>'
        for amount, text in (("60.00", "P-2"), ("40.00", "P-3"))
    )
    found = read(camt(entry("100.00", ref="B1", details=parts), closing="100.00"))
    assert [(one.id, one.line.amount.minor) for one in found.lines] == [("bank:B1/1", 6000), ("bank:B1/2", 4000)]
    assert refused(camt(entry("101.00", details=parts), closing="101.00"))[0] == "bank_file_amount"


def test_bad_camt_is_refused() -> None:
    assert refused(camt(entry("1e3"), closing="1000.00"))[0] == "bank_file_amount"
    assert refused(camt(entry("-1.00"), closing="1.00"))[0] == "bank_file_amount"
    assert refused(camt(entry("1.00", mark="CREDIT"), closing="1.00"))[0] == "bank_file_amount"
    assert refused(camt(entry("=1"), closing="1.00"))[0] == "bank_file_formula"
    assert refused(camt(entry("1.00", currency="EUR"), closing="1.00"))[0] == "bank_file_currency"
    assert refused(camt(entry("1.00", day="yesterday"), closing="1.00"))[0] == "bank_file_date"
    good = camt(entry("1.00"), closing="1.00")
    assert refused(good.replace(b"CLBD", b"XXXX"))[0] == "bank_file_cut"
    assert refused(good.replace(b"<NbOfNtries>1", b"<NbOfNtries>2"))[0] == "bank_file_cut"
    assert refused(good.replace(b"camt.053", b"camt.052"))[0] == "bank_file_not_camt"


def test_xml_that_reaches_out_is_refused() -> None:
    attack = b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Document>&x;</Document>'
    assert refused(attack)[0] == "bank_file_not_camt"
    assert refused(attack.decode().encode("utf-16"))[0] in ("bank_file_not_camt", "bank_file_columns")


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("sign = 'both'", "sign must be one of"),
        ("[columns]\ndate = 'D'", r"needs amount, text"),
        ("surprise = 1\n[columns]\ndate = 'D'\namount = 'A'\ntext = ['T']", "no surprise"),
        ("delimiter = ';;'\n[columns]\ndate = 'D'\namount = 'A'\ntext = ['T']", "one character"),
        ("encoding = 'latin-99'\n[columns]\ndate = 'D'\namount = 'A'\ntext = ['T']", "latin-99"),
        ("sign = 'mark'\n[columns]\ndate = 'D'\namount = 'A'\nmark = 'M'\ntext = ['T']", "marks_out"),
        ("opening = 'O'\n[columns]\ndate = 'D'\namount = 'A'\ntext = ['T']", "together"),
    ],
)
def test_a_profile_with_a_fault_says_which(source: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        profile.read(source)
