"""flask statements: our key for others, and what is wrong with a file of theirs."""

from __future__ import annotations

from pathlib import Path

from app.vault import Signer
from tests.cli.conftest import Terminal
from tests.limit_statements.installations import changed, issued, person


def test_the_key_is_printed_for_settings_and_for_openssl(terminal: Terminal) -> None:
    result = terminal("statements", "key")
    signer = terminal.world.platform.statement_signer
    assert result.exit_code == 0
    assert result.stdout == f"{signer.public_hex()}\n{signer.public_key().decode()}"


def test_a_good_file_is_exit_code_0_and_a_bad_one_2_with_what_is_wrong(terminal: Terminal, tmp_path: Path) -> None:
    world, file = terminal.world, tmp_path / "statement.json"
    investor = person(world)
    world.pledged(world.live(), 100, investor)
    content = issued(world, investor)
    file.write_bytes(content)
    before = world.contents()
    result = terminal("statements", "verify", str(file))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "statement.json is signed by this installation and good until 2026-04-02T15:00:00+00:00.",
        "2025-03-03 to 2026-03-04: 1 purchases, 250.00 USD.",
    ]
    for wrong, words in (
        (content.replace(b"25000", b"25"), "statement.json: The statement was changed after it was signed."),
        (b"", "statement.json: The file is no JSON."),
        (changed(content), "statement.json: The statement was changed"),
    ):
        file.write_bytes(wrong)
        result = terminal("statements", "verify", str(file))
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.startswith(words)
    assert world.contents() == before


def test_a_key_of_one_purpose_signs_nothing_of_another() -> None:
    one, other = Signer("s" * 40, "audit checkpoint"), Signer("s" * 40, "limit statement")
    assert one.public_hex() != other.public_hex()
    assert one.pseudonym("investor 1") != other.pseudonym("investor 1") != other.pseudonym("investor 2")
    assert not one.signed(b"message", other.sign(b"message"))
