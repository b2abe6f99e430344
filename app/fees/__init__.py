"""What the platform takes, and from whom: the terms of an offering as data, the amounts as pure functions.

Knows neither the database nor the books: closings, pledges and offerings ask it and store the answer. Open `terms.py` first.
"""
