"""Monitoring: patterns over pledges and their money that an officer should see.

`rules.py` are pure functions over plain facts, one for each rule of the platform's policy; `actions.watch` follows the
trail of pledges and asks them. A hit is an alert. Imports: pledges, alerts. Open `rules.py` first.
"""
