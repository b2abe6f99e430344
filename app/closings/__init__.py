"""Closings: the act that ends an offering, or closes a part of it. Allot, release the money, enter the shares; or give
everything back.

gathering (late money may still come) -> proposed -> releasing (two officers approved the same snapshot) -> done; or
aborted, when the target was missed. What is held back from the company goes once more from done to releasing. Books,
register and statuses of a settlement are one transaction.
Imports: pledges, payments, share_register, offerings. Open `actions.py` first.
"""
