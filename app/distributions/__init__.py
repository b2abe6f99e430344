"""What an issuer pays to the holders of an offering's shares: a dividend, or what a sale brought.

Who gets what is reckoned once, from the register of a day, and agreed to by two people; then the issuer pays in, and each
holder's part, less carry and tax, is carried to their cash account. Open `models.py` first; `snapshot.py` has the sums.
"""
