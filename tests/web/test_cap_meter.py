"""The meter of a limit adds up: in 10,000 random states what is drawn and written is the sum that the law makes."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from flask import g
from lxml import html

from app import create_app
from app.decisions.receipts import Receipt, of_case
from app.i18n.locales import LANGUAGES
from app.money import Money
from app.regimes.registry import BUILT
from tests.conftest import settings
from tests.regimes.asking import Case, bought, us_pledge
from tests.regimes.asking_elsewhere import ask

STATES = 10_000
TODAY = date(2025, 3, 15)


def state(chance: random.Random) -> Case:
    """Somebody in the United States, Australia or Korea with purchases of the last two years, and an amount."""
    regime = chance.choice(("US-CF", "US-CF", "US-CF", "AU-CSF", "KR-ECF"))
    cents = Decimal(1) if regime == "KR-ECF" else Decimal("0.01")
    most = {"US-CF": 40_000, "AU-CSF": 12_000, "KR-ECF": 12_000_000}[regime]

    def amount() -> str:
        return f"{(Decimal(chance.randrange(1, most * 100)) / 100).quantize(cents):.2f}"

    whose = chance.choice(("iss-A", "iss-B")) if regime == "US-CF" else "iss-A"
    history = [
        {**bought((TODAY - timedelta(days=chance.randrange(730))).isoformat(), amount()), "issuer": whose}
        for _ in range(chance.choice((0, 1, 2, 5, 9)))
    ]  # fmt: skip
    figures = {
        name: f"{chance.randrange(0, 400_000)}.{chance.randrange(100):02}" for name in ("annual_income", "net_worth")
    }
    if regime == "US-CF":
        return us_pledge(amount(), on=TODAY.isoformat(), history=history, **figures)
    classes: dict[str, Any] = {"class": "retail" if regime == "AU-CSF" else chance.choice(("general", "qualified"))}
    return ask(regime, "investor_cap", amount(), on=TODAY.isoformat(), history=history, **classes)


def states() -> Iterator[tuple[Case, Receipt]]:
    chance = random.Random("meter")
    for _ in range(STATES):
        case = state(chance)
        yield case, of_case(BUILT[case["regime"]], case)


def test_what_is_left_is_the_limit_less_what_counts() -> None:
    metered = full = freed = 0
    for case, receipt in states():
        if receipt.cap is None:
            continue
        assert receipt.used is not None and receipt.remaining is not None and receipt.largest is not None
        cap, used, left = receipt.cap.minor, receipt.used.minor, receipt.remaining.minor
        assert left == max(cap - used, 0), case
        assert used == sum(Money.of(one["amount"], receipt.currency).minor for one in counted(case)), case
        assert receipt.largest.minor <= left and receipt.allows == (receipt.requested <= receipt.largest), case
        metered, full = metered + 1, full + (left == 0)
        if receipt.frees is not None and receipt.frees_on is not None:
            then = of_case(BUILT[case["regime"]], {**case, "as_of": receipt.frees_on.isoformat()})
            assert then.remaining is not None and then.remaining.minor - left == receipt.frees.minor, case
            freed += 1
    assert metered > STATES * 0.7 and full > 500 and freed > 2_000, (metered, full, freed)


def test_what_is_drawn_and_written_is_that_sum(tmp_path: Path) -> None:
    app = create_app(settings("postgresql://nobody@localhost/none", tmp_path))
    with app.test_request_context():
        g.language = LANGUAGES["en"]
        meter = app.jinja_env.get_template("components/ui.html").make_module(dict(app.jinja_env.globals))
        for _, receipt in islice(states(), STATES // 5):
            if receipt.cap is None:
                continue
            assert receipt.used is not None and receipt.remaining is not None
            cap, used = receipt.cap.minor, min(receipt.used.minor, receipt.cap.minor)
            page = html.fragment_fromstring(str(meter.cap_meter(receipt, receipt.requested)), create_parent="div")
            said = [minor(one.text_content()) for one in page.xpath(".//dl[@class='sum'][1]//dd")]
            assert said[:3] == [cap, receipt.used.minor, receipt.remaining.minor]
            drawn = [float(one) for one in page.xpath(".//rect[@class!='bar-ground']/@width")]
            this = min(receipt.requested.minor, cap - used)
            assert drawn == [pytest.approx(100 * part / cap, abs=0.001) for part in ((used, this) if this else (used,))]
    app.extensions["platform"].close()


def minor(text: str) -> int:
    """The minor units of an amount as a page says it."""
    return int(re.sub(r"[^0-9]", "", text))


def counted(case: Case) -> list[Case]:
    """The purchases of the twelve months before, the same day of last year among them."""
    since = date(TODAY.year - 1, TODAY.month, TODAY.day).isoformat()
    return [one for one in case["history"] if one["date"] >= since]
