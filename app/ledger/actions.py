"""Write an entry, once."""

from __future__ import annotations

from sqlalchemy import insert, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from app.database import Transaction
from app.errors import Mistake
from app.ledger.chart import CHART, Account
from app.ledger.draft import Draft
from app.ledger.models import JournalEntry, LedgerAccount, Posting


def post(tx: Transaction, draft: Draft) -> bool:
    """Write the entry; return False when this very entry was written before.

    Raises Mistake for an unbalanced draft, or for the same key with another body.
    Locks: ledger accounts, in the order of their ids. Writes: entry, postings, account totals (by trigger).
    """
    if not draft.is_balanced():
        raise Mistake(f"unbalanced entry {draft.key}")
    entry_id = tx.session.execute(
        upsert(JournalEntry)
        .values(
            key=draft.key,
            body_hash=draft.body_hash(),
            kind=draft.kind,
            evidence=draft.evidence,
            instruction_id=draft.instruction_id,
            effective_at=tx.now,
            actor=tx.actor.name,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(JournalEntry.id)
    ).scalar_one_or_none()
    if entry_id is None:
        written = tx.session.execute(select(JournalEntry.body_hash).where(JournalEntry.key == draft.key)).scalar_one()
        if written != draft.body_hash():
            raise Mistake(f"entry {draft.key} was written before with another body")
        return False
    accounts = _accounts(tx, draft)
    postings = [
        {
            "entry_id": entry_id,
            "account_id": accounts[line.account],
            "currency": draft.currency,
            "book": CHART[line.account.code].book,
            "side": line.side,
            "amount_minor": line.minor,
        }
        for line in sorted(draft.lines, key=lambda line: accounts[line.account])
        if line.minor
    ]
    tx.session.execute(insert(Posting), postings)
    return True


def _accounts(tx: Transaction, draft: Draft) -> dict[Account, int]:
    """The ids of the draft's accounts, opened where they are new."""
    wanted = list(dict.fromkeys(line.account for line in draft.lines))
    tx.session.execute(
        upsert(LedgerAccount)
        .values(
            [
                {
                    "book": CHART[account.code].book,
                    "code": account.code.value,
                    "class": CHART[account.code].class_,
                    "guard": CHART[account.code].guard,
                    "currency": draft.currency,
                    "offering_id": account.offering_id,
                    "pledge_id": account.pledge_id,
                    "investor_id": account.investor_id,
                    "gateway": account.gateway,
                }
                for account in wanted
            ]
        )
        .on_conflict_do_nothing()
    )
    whose = (
        LedgerAccount.code, LedgerAccount.offering_id, LedgerAccount.pledge_id, LedgerAccount.investor_id,
        LedgerAccount.gateway,
    )  # fmt: skip
    addresses: dict[tuple[object, ...], Account] = {_address(account): account for account in wanted}
    rows = tx.session.execute(
        select(LedgerAccount.id, *whose).where(
            LedgerAccount.currency == draft.currency, tuple_(*whose).in_(list(addresses))
        )
    ).all()
    return {addresses[tuple(address)]: account_id for account_id, *address in rows}


def _address(account: Account) -> tuple[str, int, int, int, str]:
    return account.code.value, account.offering_id, account.pledge_id, account.investor_id, account.gateway
