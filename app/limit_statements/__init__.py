"""Signed statements of what an investor bought in twelve months, from one installation to another.

Here is issued a file about one's own purchases, and one from an installation that the operator trusts is taken in: its
lines then use the investor's limit as purchases here do. The form of the file is docs/limit-statements.md.
Imports: investors, issuers, regimes, audit. Open `document.py` first.
"""
