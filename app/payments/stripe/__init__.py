"""Stripe behind the port: a collector and payer, never an escrow agent (Stripe says so itself).

`methods.py` is what each method can do, `calling.py` how Stripe is asked and what its errors mean, `reading.py` turns
its objects into outcomes and evidence, `events.py` checks what it tells us. Open `adapter.py` first.
"""
