"""Files that prove something about a person: taken in by what they are, sealed, held until a scanner has seen them.

Knows people only by their user id; what a file is evidence for is the feature's that links it (`investors`).
Open `inspection.py` first: what is taken in, and why not.
"""
