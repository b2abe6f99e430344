"""Plays everybody at "sandbox_cards": the payer, their bank, and the passing of time.

Whatever a test asks for goes through the adapter, as the platform would; whatever happens by itself happens at the far side,
and nobody here is told but by an event or by asking. Two ways to have one:

    def test_a_debit_comes_back(cards: Cards) -> None:            # the gateway alone: no pledge, no books
        debit = cards.paid(method=Method.ACH_DEBIT)               # asked for, and paid by its payer: still pending
        cards.days(4)                                             # its bank has answered
        cards.late_return(debit.ref)
        assert cards.lines(debit.ref) == [("payment", 100_000, 500), ("return", -100_000, 400)]

    def test_a_pledge_is_disputed(cards_world: World) -> None:    # a whole platform, with both sandboxes
        cards = Cards.of(cards_world)
        pledge = cards_world.pledged(cards_world.live(regime_id="US-REGA", days=30))
        payment = cards.chosen(pledge, Method.CARD)               # the way is chosen, and the instruction sent
        cards.pays(payment)
        cards_world.run_jobs()                                    # the platform hears of it: the pledge is held
        cards.dispute(payment)
        cards_world.run_jobs()

Offerings under US-REGA may be paid here; US-CF wants a qualified holder, and refuses every method of this gateway.
The fixtures stand in `tests/payments/conftest.py`: `cards` and `cards_world`. In a world a pledge's payment is `payment_of(pledge)`
and its newest refund `refund_of(pledge)`. All acts take the `Ref` of a payment, refund or payout, and answer how it stands then:

| act | what it brings |
|---|---|
| `pays(payment, token)` | the payer pays; any `Token` decides how it ends, or what comes days later |
| `declines(payment)` | their bank says no |
| `late_return(payment)` | the bank takes a debit back: line "return", and 4.00 for us to pay |
| `inquiry(payment)` | the bank asks; no line |
| `dispute(payment)` | the bank takes the money while it looks into it: line "dispute", and 15.00 |
| `dispute_won(payment)` | it is given back: line "dispute_won"; also after it was lost |
| `dispute_lost(payment)` | the money stays away; no line |
| `refund_fails(refund)`, `payout_fails(payout)` | after it succeeded, it comes back: line "refund_failed", "payout_failed" |
| `days(n)` | time passes, day by day, here and in the world: what is due happens on its day |

What cannot come next is a `RemoteError("not_now")`: a second return, the end of a dispute that nobody opened.

Lost answers, outages: `cards.provider.next_fault("payment", Fault.TIMEOUT_AFTER)`, `.stick("payment")`, `.is_down = True`.
Events: `cards.provider.dup(2)`, `.drop("payment.succeeded")`, `.hold()` and `.release()`, `.reorder(seed)`, `.replay(event_id)`;
forged ones are made by `app.payments.sandbox.signing.forge`.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import URL

from app.jobs import send_payments
from app.money import Money
from app.payments import queries as payment_queries
from app.payments.port import Method, Op, OpKind, Outcome, Payee, Payer, Ref
from app.payments.sandbox.cards_adapter import CardsGateway
from app.payments.sandbox.cards_provider import CardsProvider
from app.payments.sandbox.cards_tables import Step
from app.payments.sandbox.tables import Token
from app.pledges import actions as pledges
from app.pledges.models import Pledge
from tests.builders import World

SECRET = "the secret between the two of us"
AMOUNT = Money(100_000, "USD")
PAYER = Payer("investor-1", "Robin Payer", "US")


def op(id_: UUID | None = None, generation: int = 1) -> Op:
    return Op(id_ or uuid4(), generation, "test")


class Cards:
    """Both sides of the gateway."""

    def __init__(self, provider: CardsProvider, secret: str, world: World | None = None) -> None:
        self.provider = provider
        self.gateway = CardsGateway(provider, webhook_secret=secret)
        self._world = world

    @classmethod
    def alone(cls, url: URL) -> Cards:
        """Without a platform, in a database whose clock stands still unless `days` pass."""
        provider = CardsProvider(url)
        provider.install()
        return cls(provider, SECRET)

    @classmethod
    def of(cls, world: World) -> Cards:
        """The one of a platform whose GATEWAYS names it."""
        assert world.platform.sandbox_cards is not None
        return cls(world.platform.sandbox_cards, world.platform.settings.webhook_secret, world)

    # Asking, as the platform does

    def asked(
        self,
        method: Method = Method.CARD,
        amount: Money = AMOUNT,
        sent: Op | None = None,
        instrument: Ref | None = None,
    ) -> Outcome:
        return self.gateway.collect(
            sent or op(), amount, method=method, account="offering-1", payer=PAYER, reference="P-1",
            return_url="http://localhost/returned", instrument=instrument,
        )  # fmt: skip

    def paid(self, token: Token = Token.OK, method: Method = Method.CARD, amount: Money = AMOUNT) -> Outcome:
        """Asked for, and paid by its payer."""
        return self.pays(self.asked(method, amount).ref, token)

    def kept(self, token: Token = Token.SETUP_OK, method: Method = Method.CARD) -> Ref:
        """A way to pay that its holder left. What `token` says happens when it is charged."""
        asked = self.gateway.setup(op(), method=method, payer=PAYER, reference="P-1", return_url="http://localhost/")
        instrument = self.pays(asked.ref, token).instrument
        assert instrument is not None
        return instrument

    def refunded(self, payment: Ref, amount: Money = AMOUNT, sent: Op | None = None) -> Outcome:
        return self.gateway.refund(sent or op(), payment, amount)

    def paid_out(self, minor: int = 10_000, account: str = "0001", sent: Op | None = None) -> Outcome:
        """To a bank account; the end of its number decides: `REFUSING_ACCOUNT_SUFFIX` and its neighbours."""
        return self.gateway.pay_out(
            sent or op(),
            Money(minor, "USD"),
            account="offering-1",
            payee=Payee("Example Trust", account),
            reference="R-1",
        )

    # What happens there

    def pays(self, payment: Ref, token: Token = Token.OK) -> Outcome:
        self.provider.pay(payment.id, token)
        return self.gateway.fetch(payment)

    def declines(self, payment: Ref) -> Outcome:
        return self.pays(payment, Token.DECLINE)

    def late_return(self, payment: Ref) -> Outcome:
        return self._happens(payment, Step.RETURN)

    def inquiry(self, payment: Ref) -> Outcome:
        return self._happens(payment, Step.INQUIRY)

    def dispute(self, payment: Ref) -> Outcome:
        return self._happens(payment, Step.OPEN)

    def dispute_won(self, payment: Ref) -> Outcome:
        return self._happens(payment, Step.WON)

    def dispute_lost(self, payment: Ref) -> Outcome:
        return self._happens(payment, Step.LOST)

    def refund_fails(self, refund: Ref) -> Outcome:
        return self._happens(refund, Step.REFUND_FAILED)

    def payout_fails(self, payout: Ref) -> Outcome:
        return self._happens(payout, Step.PAYOUT_FAILED)

    def _happens(self, ref: Ref, step: Step) -> Outcome:
        self.provider.happen(ref.id, step)
        return self.gateway.fetch(ref)

    def days(self, days: float) -> None:
        while days > 0:
            step = min(days, 1)
            if self._world is None:
                self.provider.advance(timedelta(days=step))
            else:
                self._world.move_clock(days=step)
            self.gateway.balances()  # whoever asks makes the far side look at its clock
            days -= step

    # Looking

    def lines(self, ref: Ref) -> list[tuple[str, int, int]]:
        """(kind, amount, fee) of every line behind an object, in minor units."""
        return [(str(one.kind), one.amount.minor, one.fee.minor) for one in self.gateway.fetch(ref).evidence]

    def balance(self) -> int:
        """What is there after every price, paid out or not; of one currency."""
        return sum(one.amount.minor for one in self.gateway.balances())

    # A pledge's payments, in a world

    def chosen(self, pledge: Pledge, method: Method = Method.CARD) -> Ref:
        """The investor chooses to pay this way, and the platform asks for the money."""
        assert self._world is not None
        platform = self._world.platform
        (way,) = (
            one
            for one in platform.ways_to_pay(pledge.currency)
            if (one.gateway, one.method) == (self.gateway.name, method)
        )
        with self._world.acting() as tx:
            pledges.choose_way(tx, pledge.id, platform.law, way)
        send_payments.run(platform)
        return self.payment_of(pledge)

    def payment_of(self, pledge: Pledge) -> Ref:
        return self._newest(pledge, OpKind.COLLECT)

    def refund_of(self, pledge: Pledge) -> Ref:
        return self._newest(pledge, OpKind.REFUND)

    def _newest(self, pledge: Pledge, kind: OpKind) -> Ref:
        assert self._world is not None
        with self._world.looking() as view:
            refs = [row.provider_ref for row in payment_queries.of_pledge(view.session, pledge.id) if row.kind == kind]
        assert refs and refs[-1] is not None, f"no {kind} of this pledge was sent"
        return Ref.read(refs[-1])
