"""Stripe behind the port: a collector and payer, never an escrow agent (Stripe says so itself).

`methods.py` is what each method can do, `calling.py` how Stripe is asked and what its errors mean, `reading.py` turns
its objects into outcomes and evidence, `events.py` checks what it tells us, `payouts.py` is how money leaves and `top_ups.py` how
it comes back from a custodian. Open `adapter.py` first.
"""
