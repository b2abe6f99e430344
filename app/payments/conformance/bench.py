"""What the kit needs of a gateway under test: somebody who plays the payer, the network and the passing of time.

Whoever writes an adapter ships a bench with it, under the entry point group "openraise.conformance": a function that
takes the environment and makes one. It may stand on a provider's test account, or on a far side of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from app.money import Money
from app.payments.port import Gateway, Payee, Ref


class Trouble(StrEnum):
    """What can happen to one call that writes."""

    #: Executed, and then the line drops.
    ANSWER_LOST = "answer_lost"
    #: The line drops before anything is executed; nobody can tell the two apart.
    NEVER_ARRIVED = "never_arrived"
    #: The connection is refused: proven not executed.
    REFUSED_CONNECTION = "refused_connection"
    SERVER_ERROR = "server_error"
    TOO_MANY_CALLS = "too_many_calls"
    #: The provider says that the same key is being worked on.
    IN_FLIGHT = "in_flight"
    #: The provider does not accept our credentials.
    WRONG_CREDENTIALS = "wrong_credentials"


class Forgery(StrEnum):
    """What can be wrong with an event."""

    #: Changed on the way.
    BODY = "body"
    #: Signed with another secret.
    SIGNER = "signer"
    #: Signed by the provider, an hour ago.
    OLD = "old"
    #: Signed by the provider, for an hour from now.
    FUTURE = "future"
    #: Signed, but from the real world, and this is a test; or the other way round.
    ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class SignedEvent:
    """An event as it arrives over HTTP."""

    raw: bytes
    headers: Mapping[str, str]


class Bench(Protocol):
    """Plays everything around an adapter. Nothing of it may move real money."""

    @property
    def gateway(self) -> Gateway:
        """The adapter under test."""

    @property
    def accounts(self) -> tuple[str, str]:
        """Two accounts that it may collect for, move between and pay out of, in our words ("offering-1")."""

    @property
    def payee(self) -> Payee:
        """A bank account that takes payouts."""

    @property
    def secrets(self) -> Sequence[str]:
        """Every key and password that the adapter knows: none may ever be in the text of an error."""

    def now(self) -> datetime:
        """The far side's time."""

    def advance(self, by: timedelta) -> None:
        """Let time pass there."""

    def asked(self, payment: Ref) -> Money:
        """What the far side asks of the payer, read there and not through the adapter."""

    def pay(self, payment: Ref) -> None:
        """The payer does what the page asks: pays, or leaves a way to pay. Too late, nothing happens, or it raises."""

    def decline(self, payment: Ref) -> None:
        """The payer's bank says no."""

    def fund(self, account: str, amount: Money) -> None:
        """Put money into an account that may be paid out at once."""

    def upset(self, trouble: Trouble) -> bool:
        """Let the next call that writes go wrong in this way. False: this cannot be staged here.

        ANSWER_LOST must be possible everywhere: it is the one that costs money.
        """

    def down(self) -> AbstractContextManager[None]:
        """The service answers nobody, asking or telling, while this lasts."""

    def event(self, about: Ref, forgery: Forgery | None = None) -> SignedEvent:
        """The event that the provider sends about this object, signed now; or a forgery of it.

        The same object twice is the same event delivered twice. Only asked where `caps.pushes_events`.
        """

    def close(self) -> None:
        """Put everything away."""
