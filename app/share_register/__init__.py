"""Who holds what: the legal record, only ever added to (the database refuses the rest).

Entries are events in the words of the Open Cap Format: issuance, transfer, cancellation. A cap table is a report made
from them. Nobody else writes here. Open `models.py` first.
"""
