"""People: accounts, sign-in, sessions, second factors, roles.

A session is a row that can be revoked; the cookie holds only a random token. Times here are the true time
(`tx.wall_now`), never the platform's. Imports: audit, notifications. Open `actions.py` first.
"""
