"""Screening: names here against lists of sanctioned or otherwise listed people and companies.

`names.py` spells and compares (pure), `lists.py` takes in a list, `actions.py` screens one person or many. A match is an
alert that holds. Imports: alerts, issuers, investors. Open `names.py` first.
"""

import os

# A name is no phrase: without those of a dictionary the library of pinyin takes a quarter of the memory.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
