"""Where an offering's money lies, and how it gets to its custodian.

A collector's balance is no place for a closing: when an offering ends, what collectors took is carried to the custodian,
the platform pays in what gateways kept for themselves, and only then is a closing put to officers. Money for refunds
that a collector lacks goes back the same way. `queries.py` tells how an offering stands, `actions.py` does the next step,
`outcomes.py` books what gateways answer. Only one sum of an offering is on its way at a time.
"""
