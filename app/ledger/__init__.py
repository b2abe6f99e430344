"""The books: double entry, whole minor units, two segregated books (client money and the platform's own).

`entries.py` has one pure function per movement, named like a line of a bank statement; `actions.post` writes it once
per key. The database itself refuses what is unbalanced, edited, deleted, added to later, or overdrawn (migration
0002). Nobody else writes these tables. Open `chart.py` first.
"""
