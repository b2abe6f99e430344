"""Bank statements for the tests, as a bank would write them."""

from __future__ import annotations

from decimal import Decimal

HEADER = "Date,Amount,Currency,Reference,Name,Account,ID"


def row(
    amount: str, text: str = "", *, day: str = "2026-03-02", id_: str = "", name: str = "", account: str = "", currency: str = "USD"
) -> str:  # fmt: skip
    return f"{day},{amount},{currency},{text},{name},{account},{id_}"


def csv(*rows: str, opening: str = "0.00", closing: str | None = None) -> bytes:
    """A plain statement that adds up, unless a closing balance is given."""
    if closing is None:
        closing = str(Decimal(opening) + sum((Decimal(one.split(",")[1]) for one in rows), Decimal("0.00")))
    return "\n".join((HEADER, f"Opening balance,{opening}", *rows, f"Closing balance,{closing}", "")).encode()


def entry(
    amount: str, mark: str = "CRDT", *, ref: str = "", text: str = "", day: str = "2026-03-02", currency: str = "USD",
    status: str = "<Cd>BOOK</Cd>", details: str | None = None,
) -> str:  # fmt: skip
    side = "Dbtr" if mark == "CRDT" else "Cdtr"
    if details is None:
        details = (
            f"<TxDtls><RltdPties><{side}><Pty><Nm>Ada Lovelace</Nm></Pty></{side}><{side}Acct><Id><IBAN>DE89370400440532013000"
            f"</IBAN></Id></{side}Acct></RltdPties><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls>"
        )
    own = f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd><Sts>{status}</Sts>'
        f"<BookgDt><Dt>{day}</Dt></BookgDt>{own}<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def camt(
    *entries: str, opening: str = "0.00", closing: str, account: str = "1234567", version: str = "08", currency: str = "USD",
) -> bytes:  # fmt: skip
    def balance(code: str, amount: str) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
            f'<Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>'
        )

    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt><Stmt>'
        f"<Acct><Id><Othr><Id>{account}</Id></Othr></Id></Acct>{balance('OPBD', opening)}{balance('CLBD', closing)}"
        f"<TxsSummry><TtlNtries><NbOfNtries>{len(entries)}</NbOfNtries></TtlNtries></TxsSummry>\n"
        + "\n".join(entries)
        + "</Stmt></BkToCstmrStmt></Document>"
    ).encode()
