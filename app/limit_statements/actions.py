"""Issue a statement of one's own purchases; take in one of another installation."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from app.audit import actions as audit
from app.database import Transaction
from app.errors import Refused
from app.investors import actions as investors
from app.investors.models import Investor
from app.limit_statements import document, queries
from app.limit_statements.document import Line, Person, Statement
from app.limit_statements.models import LimitStatement, StatedPurchase
from app.regimes import platform_policy
from app.vault import Signer, Vault


def _person(investor: Investor) -> Person:
    """Raises Refused("birth_date_missing"): a name alone is many people's."""
    if investor.born_on is None and investor.kind == "natural":
        raise Refused("birth_date_missing")
    return Person(investor.legal_name, investor.country, investor.born_on)


def issue(tx: Transaction, investor: Investor, lines: Sequence[Line], *, signer: Signer, installation: str) -> bytes:
    """Write and sign the file about these purchases here; those outside of the window are left out.

    What was bought elsewhere is never in it: each installation states its own. Nothing of it is stored but its hash.
    Raises Refused: "birth_date_missing", "statement_lines_many". Writes: audit.
    """
    since, until = document.window(tx.now)
    within = tuple(line for line in lines if since <= line.on <= until)
    most = platform_policy.limit_statements(tx.now)["most_lines"]
    if len(within) > most:
        raise Refused("statement_lines_many", most=most)
    statement = Statement(
        key=signer.public_hex(), installation=installation, account=signer.pseudonym(f"investor {investor.id}"),
        person=_person(investor), since=since, until=until, issued_at=tx.now, expires_at=document.expires_at(tx.now),
        lines=within,
    )  # fmt: skip
    content = document.written(statement, signer)
    audit.record(
        tx, "issue_limit_statement", "investors", investor.id, sha256=_sha256(content), lines=len(within),
        expires_at=statement.expires_at,
    )  # fmt: skip
    return content


def accept(
    tx: Transaction, investor_id: int, content: bytes, *, own_key: str, trusted: Mapping[str, str], vault: Vault
) -> LimitStatement:
    """Take in a file of another installation; from now on its lines use the investor's limit.

    `trusted` is public key -> name. A newer statement of the same account there takes the place of the one before. It may
    expire afterwards: what was bought stays bought. Raises Refused at "file": "statement_own", "statement_of_another",
    "statement_known", "statement_older", and see `document.read`; "birth_date_missing".
    Locks: investor. Writes: limit statement, stated purchases, audit.
    """
    investor = investors.lock(tx, investor_id)
    statement = document.read(content, {own_key, *trusted}, tx.now_after_locks())
    if statement.key == own_key:
        raise Refused("statement_own", field="file")
    if not statement.person.is_same_as(_person(investor)):
        raise Refused("statement_of_another", field="file")
    before = queries.latest(tx.session, investor.id, statement.key, statement.account)
    if before is not None and before.issued_at >= statement.issued_at:
        known = before.sha256 == _sha256(content)
        raise Refused("statement_known" if known else "statement_older", field="file", issued_at=before.issued_at)
    kept = LimitStatement(
        investor_id=investor.id,
        installation=trusted[statement.key],
        installation_key=statement.key,
        account=statement.account,
        issued_at=statement.issued_at,
        expires_at=statement.expires_at,
        accepted_at=tx.now,
        sha256=_sha256(content),
        sealed=vault.seal_bytes(content),
    )
    tx.session.add(kept)
    tx.session.flush()  # its lines and the trail refer to it
    tx.session.add_all(
        StatedPurchase(
            statement_id=kept.id,
            regime=line.regime,
            bought_on=line.on,
            amount_minor=line.amount.minor,
            currency=line.amount.currency,
            reference=line.reference,
            issuer=line.issuer,
            is_settled=line.is_settled,
        )
        for line in statement.lines
    )
    audit.record(
        tx, "accept_limit_statement", "limit_statements", kept.id, investor=investor.id, key=statement.key,
        sha256=kept.sha256, lines=len(statement.lines), totals=statement.totals, replaces=before.id if before else None,
    )  # fmt: skip
    return kept


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
