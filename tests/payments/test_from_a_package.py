"""A gateway that comes with a package of others is found by its entry point and does all that ours do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs import send_payments
from app.payments import inbox
from app.payments import queries as payments
from app.payments.port import Envelope
from app.payments.sandbox.tables import Token
from app.pledges import actions as pledges
from app.wiring import Platform, build
from config import ConfigurationError
from tests import worlds
from tests.builders import World
from tests.conftest import settings
from tests.payments.elsewhere import SETTING, Elsewhere


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    offered = tmp_path / "elsewhere-1.0.dist-info"
    offered.mkdir()
    (offered / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (offered / "entry_points.txt").write_text("[openraise.gateways]\nelsewhere = tests.payments.elsewhere:gateway\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.fixture
def platform(installed: None, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    monkeypatch.setenv(SETTING, database_url)
    made = build(settings(database_url, tmp_path, GATEWAYS="elsewhere"))
    yield made
    made.close()
    found = made.gateways["elsewhere"]
    assert isinstance(found, Elsewhere)
    found.provider.close()


def until_quiet(world: World, gateway: Elsewhere) -> None:
    while True:
        world.run_jobs()
        events = gateway.provider.events_to_deliver(100)
        for event in events:
            with world.acting() as tx:
                inbox.store(tx, gateway.name, Envelope(event.id, event.type, event.body()))
            gateway.provider.confirm_delivery(event.id)
        if not events:
            return


def test_money_is_taken_held_and_paid_out_by_it(platform: Platform) -> None:
    world, gateway = World(platform), platform.gateways["elsewhere"]
    assert isinstance(gateway, Elsewhere) and platform.custodian is gateway
    worlds.stop_clock(world)
    offering = world.live(target="250")
    pledge = world.pledged(offering, 100)
    with world.acting() as tx:
        (way,) = platform.ways_to_pay(pledge.currency)
        pledges.choose_way(tx, pledge.id, platform.law, way)
    send_payments.run(platform)
    with world.looking() as view:
        collection = payments.collection(view.session, pledge.id)
    assert collection is not None and collection.gateway == "elsewhere" and collection.provider_ref is not None
    gateway.provider.pay(collection.provider_ref.split("/")[1], Token.OK)
    until_quiet(world, gateway)
    assert world.pledge(pledge.id).status == "held"

    world.pass_deadline(offering)
    until_quiet(world, gateway)
    world.approve_closing(offering)
    until_quiet(world, gateway)
    assert world.pledge(pledge.id).status == "settled"
    assert world.broken_promises() == []


def test_what_it_misses_is_named_before_anything_starts(installed: None, database_url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=SETTING):
        build(settings(database_url, tmp_path, GATEWAYS="elsewhere"))


def test_one_that_no_package_offers_is_named_with_those_there_are(
    installed: None, database_url: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match="'nowhere', which is not built; there is: elsewhere, "):
        build(settings(database_url, tmp_path, GATEWAYS="nowhere"))
