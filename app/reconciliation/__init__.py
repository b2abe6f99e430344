"""Reconciliation: books, gateways and banks told apart, compared, and every difference kept until it has a cause.

`finders.py` has one query for each of the seventeen kinds of a break, `classes.py` says whose they are and what is done at
once; `actions.reconcile` keeps them as rows that clear themselves when their cause is gone. `day.py` compares a day,
`dormant.py` finds money that nobody touches. Imports: payments, ledger (as tables). Open `classes.py` first.
"""
