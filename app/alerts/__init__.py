"""Alerts: something odd about somebody, found by a rule, and the case in which an officer says what it is.

A rule of screening or monitoring brings a `Finding`; `actions.raise_alert` makes of it one alert and one case, and
remembers what an officer has looked at. While an alert that holds is raised or confirmed, the person is on hold.
Nobody it is about is ever told. Imports: compliance. Open `models.py` first.
"""
