"""Screening: names here against lists of sanctioned or otherwise listed people and companies.

`names.py` spells and compares (pure), `lists.py` takes in a list, `actions.py` screens one person or many. A match is an
alert that holds. Imports: alerts, issuers, investors. Open `names.py` first.
"""
