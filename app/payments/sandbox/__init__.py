"""A pretend payment provider, so that the whole site runs with no network and no keys.

`provider.py` is the far side: its own tables, its own connection and commits, so that our rollback never rolls the
"remote" back. `adapter.py` is our side of the port. No real money moves, and production refuses to load it.
"""
