"""Deciding, and proving it: a stored decision for every pledge, a review case for everything a person must look at.

A decision keeps its facts in the public case form, so it can be decided again at any time. Nobody resolves a case that
involves them: the action refuses and so does the database. Imports: offerings, investors, issuers, regimes.
Open `actions.py` first.
"""
