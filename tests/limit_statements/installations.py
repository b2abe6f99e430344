"""Two installations with databases and keys of their own: what was bought at "North" is stated "here"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.audit.verifier import canonical
from app.errors import Refused
from app.investors import actions as investors
from app.investors.models import Investor
from app.limit_statements import actions as limit_statements
from app.limit_statements.models import LimitStatement
from app.pledges import statements
from app.vault import Signer
from app.wiring import build
from tests.builders import World
from tests.conftest import TEMPLATE, settings
from tests.servers import Server
from tests.worlds import stop_clock

NORTH_SECRET = "north has a key of its own, long enough"
NORTH = Signer(NORTH_SECRET, "limit statement")
BORN = date(1980, 5, 17)
NAME = "Zoë O'Brien-Łącka"


@contextmanager
def installation(server: Server, folder: Path, **others: str) -> Iterator[World]:
    name = server.create(TEMPLATE)
    platform = build(settings(server.url(name), folder, **others))
    world = World(platform)
    stop_clock(world)
    yield world
    platform.close()
    server.drop(name)


def person(world: World, *, name: str = NAME, born_on: date | None = BORN, **figures: str) -> Investor:
    """An investor with a cap of 90,000 USD, with the name and birth date that they have everywhere."""
    investor = world.investor(name=name, **figures)
    with world.acting() as tx:
        return investors.register(
            tx, investor.user_id, legal_name=name, country=figures.get("country", "US"), born_on=born_on
        )


def issued(world: World, investor: Investor) -> bytes:
    with world.acting() as tx:
        return statements.issue(
            tx, investor.id, signer=world.platform.statement_signer, installation="https://north.example"
        )


def accepted(world: World, investor: Investor, content: bytes) -> LimitStatement:
    with world.acting() as tx:
        return limit_statements.accept(
            tx, investor.id, content, own_key=world.platform.statement_signer.public_hex(),
            trusted=world.platform.settings.trusted_installations, vault=world.platform.vault,
        )  # fmt: skip


def refusal(world: World, investor: Investor, content: bytes) -> Refused:
    """Why a file is refused; nothing is stored then."""
    before = world.contents()
    with pytest.raises(Refused) as caught:
        accepted(world, investor, content)
    assert world.contents() == before
    return caught.value


def signed(statement: Any, signer: Signer = NORTH) -> bytes:
    return canonical({"signature": signer.sign(canonical(statement)).hex(), "statement": statement})


def changed(content: bytes, **fields: Any) -> bytes:
    """The same statement with other fields, signed anew by North: what a careless or hostile installation could send."""
    return signed({**json.loads(content)["statement"], **fields})


def line(day: str, minor: int, **fields: Any) -> dict[str, Any]:
    return {
        "amount_minor": minor, "currency": "USD", "day": day, "issuer": "Far Away, Inc.", "reference": "P-1",
        "regime": "US-CF", "status": "settled", **fields,
    }  # fmt: skip


def with_lines(content: bytes, *lines: dict[str, Any]) -> bytes:
    totals: dict[str, int] = {}
    for one in lines:
        totals[one["currency"]] = totals.get(one["currency"], 0) + one["amount_minor"]
    return changed(content, lines=list(lines), totals=totals)


def trusting(world: World, **names: str) -> World:
    """The same world, whose operator trusts these installations: name -> key."""
    known = {key: name for name, key in names.items()}
    return World(replace(world.platform, settings=replace(world.platform.settings, trusted_installations=known)))
