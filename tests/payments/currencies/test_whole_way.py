"""Dinars of a thousand fils and yen without sen go the whole way: every figure here was reckoned by hand.

Prices are finer than the currency, so a pledge is rounded down; fees are rounded half up once; what is scaled back
leaves a part of the fee to give back, too; the success fee is split over the lines by the largest remainder.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.i18n.locales import LANGUAGES
from app.jobs import reconcile
from app.money import Money
from tests.conftest import settings
from tests.payments.currencies.edition import LAW
from tests.payments.currencies.story import WISHES, Story, Terms
from tests.payments.files.conftest import ENV
from tests.web.browser import Site
from tests.web.test_switches_and_breaks import operator


@dataclass(frozen=True)
class Figures:
    """What must come out, in minor units, a figure for each of the three pledges; and as people read some of it."""

    pledges: list[tuple[int, int]]
    #: (shares, amount, part of the success fee, investor's fee)
    lines: list[tuple[int, int, int, int]]
    total: int
    success_fee: int
    refunds: list[int]
    payout: int
    our_fee: int
    #: By a bank, as a file has it.
    first_wire: str
    #: In English and Chinese: an amount for the first pledge, what goes back of it, what the company gets.
    digits_said: str
    pledge: tuple[str, str]
    refund: tuple[str, str]
    paid_out: tuple[str, str]
    everything: tuple[str, str]
    #: What came in all, and the CSV of that day: before, after, the bank's own, the difference.
    came: int
    compared: tuple[str, str, str, str]


DINARS = Terms(
    currency="KWD", price="1.2345", least="2.469", target="50", maximum="100", fee_most=1_200,
    typed="51.234", too_fine="51.2345", too_fine_least="2.4695",
)  # fmt: skip
YEN = Terms(
    currency="JPY", price="123.45", least="247", target="5000", maximum="10000", fee_most=120,
    typed="5123", too_fine="5123.4", too_fine_least="247.5",
)  # fmt: skip
STORIES = {
    "three digits": (
        DINARS,
        Figures(
            pledges=[(50_614, 1_200), (45_676, 1_200), (35_800, 985)],
            lines=[(31, 38_269, 1_274, 1_052), (28, 34_566, 1_151, 951), (22, 27_159, 905, 747)],
            total=99_994, success_fee=3_330, refunds=[12_493, 11_359, 8_879], payout=96_664, our_fee=6_080,
            first_wire="51.814", digits_said="KWD has 3 digits after the point",
            pledge=("KWD 50.614", "KWD 50.614"), refund=("KWD 12.493", "KWD 12.493"),
            paid_out=("KWD 96.664", "KWD 96.664"), everything=("KWD 135.475", "KWD 135.475"),
            came=135_475, compared=("0.000", "135.475", "135.475", "0.000"),
        ),
    ),
    "no digits": (
        YEN,
        Figures(
            pledges=[(5_061, 120), (4_567, 120), (3_580, 98)],
            lines=[(31, 3_826, 128, 105), (28, 3_456, 115, 95), (22, 2_715, 90, 75)],
            total=9_997, success_fee=333, refunds=[1_250, 1_136, 888], payout=9_664, our_fee=608,
            first_wire="5181", digits_said="JPY has 0 digits after the point",
            pledge=("¥5,061", "JP¥5,061"), refund=("¥1,250", "JP¥1,250"), paid_out=("¥9,664", "JP¥9,664"),
            everything=("¥13,546", "JP¥13,546"), came=13_546, compared=("0", "13546", "13546", "0"),
        ),
    ),
}  # fmt: skip


@pytest.fixture(params=STORIES)
def told(
    request: pytest.FixtureRequest, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Story, Figures]]:
    terms, figures = STORIES[request.param]
    for name, value in {**ENV, "ESCROW_FILES_CURRENCY": terms.currency}.items():
        monkeypatch.setenv(name, value)
    site = Site(settings(database_url, tmp_path, GATEWAYS="escrow_files", REGIMES=f"US-CF,{LAW}"))
    yield Story(site, terms), figures
    site.close()


def test_from_what_is_typed_to_what_the_bank_tells(told: tuple[Story, Figures]) -> None:
    story, wanted = told
    offering, currency = story.opened(), story.terms.currency
    refused(story, wanted)
    browser = story.investor()
    ref = story.pledged(browser, story.terms.typed)
    assert f"You gave {story.terms.typed}; whole shares make {wanted.pledge[0]}." in story.said
    for shares in WISHES[1:]:
        story.pledged(story.investor(), plain(shares, story))
    assert [(one.shares, one.amount_minor, one.fee_minor) for one in story.pledges()] == [
        (shares, *both) for shares, both in zip(WISHES, wanted.pledges, strict=True)
    ]
    story.work()
    story.wires_come()
    assert f",{wanted.first_wire},{currency},{ref}," in story.statement.decode()
    assert {one.status for one in story.pledges()} == {"held"}
    reconcile.run(story.world.platform)
    for number, language in enumerate(LANGUAGES):
        browser.client.set_cookie("lang", language)
        assert wanted.pledge[number] in browser.get(f"/me/pledges/{ref}").text

    story.closed()
    closing = story.world.sql("SELECT total_minor, fee_minor FROM closings")
    lines = story.world.sql(
        "SELECT shares, amount_minor, fee_share_minor, investor_fee_minor FROM closing_lines ORDER BY pledge_id"
    )
    assert (closing, lines) == ([(wanted.total, wanted.success_fee)], wanted.lines)
    assert sum(line[2] for line in wanted.lines) == wanted.success_fee

    paid = story.bank_pays()
    assert [minor for kind, minor in paid if kind == "refund"] == wanted.refunds
    assert [one for one in paid if one[0] != "refund"] == [("release", wanted.payout), ("fee", wanted.our_fee)]
    assert story.at_the_bank == Money.zero(currency)
    assert {one.status for one in story.pledges()} == {"settled"}
    assert story.world.offering(offering.id).status == "settled"
    assert story.books() == {"3000": wanted.our_fee, "4000": -wanted.our_fee}

    for_the_reader(story, wanted)
    for_the_operator(story, wanted)


def plain(shares: int, story: Story) -> str:
    """Just enough for so many shares."""
    assert story.offering.price is not None
    return str(story.offering.price.times(shares).amount + Money(1, story.terms.currency).amount)


def refused(story: Story, wanted: Figures) -> None:
    """What is finer than the currency is refused where it is typed, and changes nothing."""
    draft, actor = story.world.draft(regime_id=LAW)
    form = f"/issuer/offerings/{draft.ref}/edit/terms"
    issuer, investor = story.site.browser(actor.user_id), story.investor()
    with story.site.unchanged():
        typed = story.typed(draft, minimum_pledge=story.terms.too_fine_least)
        page = issuer.post(form, typed)
        assert (page.status, wanted.digits_said in page.error_at("minimum_pledge")) == (422, True)
        assert page.value("minimum_pledge") == story.terms.too_fine_least
        asked = investor.post(f"/offerings/{story.offering.slug}/pledge", {"amount": story.terms.too_fine})
        assert (asked.status, wanted.digits_said in asked.error_at("amount")) == (422, True)


def for_the_reader(story: Story, wanted: Figures) -> None:
    """Mails and pages write every digit, in both languages."""
    for number, language in enumerate(LANGUAGES):
        mails = story.mails(language)
        for amount in (wanted.pledge, wanted.refund, wanted.paid_out):
            assert amount[number] in mails, (language, amount[number])


def for_the_operator(story: Story, wanted: Figures) -> None:
    """The ledger's pages, and the day of the wires compared, as a page and as CSV."""
    story.world.move_clock(days=1)
    reconcile.run(story.world.platform)
    browser = operator(story.site)
    ledger = browser.get(f"/ops/ledger?offering={story.offering.ref}")
    assert wanted.everything[0] in ledger.text and wanted.refund[0] in ledger.text
    ((number,),) = story.world.sql("SELECT max(id) FROM journal_entries WHERE kind = 'payout_paid'")
    assert wanted.paid_out[0] in browser.get(f"/ops/ledger/entries/{number}").text
    ((day,),) = story.world.sql(
        "SELECT DISTINCT day FROM compared_days WHERE closing_minor = :minor", minor=wanted.came
    )
    assert wanted.everything[0] in browser.get(f"/ops/reconciliation/{day}").text
    written = browser.get(f"/ops/reconciliation/{day}.csv").body.decode()
    rows = {row["account"]: row for row in csv.DictReader(written.split("\r\n\r\n")[0].splitlines())}
    compared = rows[f"offering-{story.offering.id}"]
    assert tuple(compared[name] for name in ("opening", "closing", "gateway_closing", "unexplained")) == wanted.compared
    assert story.world.sql("SELECT count(*) FROM breaks") == [(0,)]
