"""Write entries, each once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import and_, func, select

from app.database import Transaction, document, given, in_batches, insert_many
from app.errors import Mistake
from app.ledger.chart import CHART, Account
from app.ledger.draft import Draft
from app.ledger.models import JournalEntry, LedgerAccount, Posting

#: What makes an account this one.
WHOSE = ("book", "code", "currency", "offering_id", "pledge_id", "investor_id", "gateway")
_ASKED, _KNOWN = given(LedgerAccount, WHOSE), LedgerAccount.__table__.c
_FIND = select(_KNOWN.id, *(_KNOWN[name] for name in WHOSE)).join(
    _ASKED, and_(*(_KNOWN[name] == _ASKED.c[name] for name in WHOSE))
)


def post(tx: Transaction, draft: Draft) -> bool:
    """Write the entry; return False when this very entry was written before. Raises, locks, writes: see `post_many`."""
    return post_many(tx, [draft]) == 1


def post_many(tx: Transaction, drafts: Iterable[Draft]) -> int:
    """Write entries, some thousands by one statement; return how many were not written before.

    Raises Mistake for an unbalanced draft, or for the same key with another body.
    Locks: ledger accounts, in the order of their ids for each statement: who writes more than one statement's worth holds
    what the accounts are of. Writes: entries, postings, account totals (by trigger).
    """
    return sum(_post(tx, batch) for batch in in_batches(drafts))


def _post(tx: Transaction, drafts: Sequence[Draft]) -> int:
    for draft in drafts:
        if not draft.is_balanced():
            raise Mistake(f"unbalanced entry {draft.key}")
    entries = {
        draft.key: {
            "key": draft.key,
            "body_hash": draft.body_hash(),
            "kind": draft.kind,
            "evidence": draft.evidence,
            "instruction_id": draft.instruction_id,
            "effective_at": tx.now,
            "actor": tx.actor.name,
        }
        for draft in drafts
    }
    written = insert_many(tx.session, JournalEntry, list(entries.values()), once=True, returning=("key", "id"))
    ids: dict[str, int] = {row.key: row.id for row in written}
    _require_same_bodies(tx, {key: str(entry["body_hash"]) for key, entry in entries.items() if key not in ids})
    new = [draft for draft in drafts if draft.key in ids]
    accounts = _accounts(tx, new)
    postings = [
        {
            "entry_id": ids[draft.key],
            "account_id": accounts[line.account, draft.currency],
            "currency": draft.currency,
            "book": CHART[line.account.code].book,
            "side": line.side,
            "amount_minor": line.minor,
        }
        for draft in new
        for line in draft.lines
        if line.minor
    ]
    insert_many(tx.session, Posting, postings)
    return len(new)


def _require_same_bodies(tx: Transaction, hashes: dict[str, str]) -> None:
    """What was not written now was written before, and says the same."""
    if not hashes:
        return
    known = select(JournalEntry.key, JournalEntry.body_hash).where(JournalEntry.key == func.any(list(hashes)))
    before = {row.key: row.body_hash for row in tx.session.execute(known)}
    for key, body_hash in hashes.items():
        if before.get(key) != body_hash:
            raise Mistake(f"entry {key} was written before with another body")


def _accounts(tx: Transaction, drafts: Sequence[Draft]) -> dict[tuple[Account, str], int]:
    """The ids of the drafts' accounts, each with its currency; opened where they are new."""
    wanted = {
        _address(line.account, draft.currency): (line.account, draft.currency)
        for draft in drafts
        for line in draft.lines
    }
    found = _ids(tx, list(wanted))
    if missing := [address for address in wanted if address not in found]:
        rows = [
            {**dict(zip(WHOSE, address, strict=True)), "class": kind.class_, "guard": kind.guard}
            for address in missing
            for kind in (CHART[wanted[address][0].code],)
        ]
        opened = insert_many(tx.session, LedgerAccount, rows, once=True, returning=("id", *WHOSE))
        found |= _by_address(opened)
        found |= _ids(tx, [address for address in missing if address not in found])  # somebody else was faster
    return {wanted[address]: account_id for address, account_id in found.items()}


def _ids(tx: Transaction, addresses: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    if not addresses:
        return {}
    asked = [dict(zip(WHOSE, address, strict=True)) for address in addresses]
    return _by_address(tx.session.execute(_FIND, document(asked)))


def _by_address(rows: Iterable[Any]) -> dict[tuple[Any, ...], int]:
    return {tuple(address): account_id for account_id, *address in rows}


def _address(account: Account, currency: str) -> tuple[str, str, str, int, int, int, str]:
    return (
        CHART[account.code].book, account.code.value, currency, account.offering_id, account.pledge_id,
        account.investor_id, account.gateway,
    )  # fmt: skip
