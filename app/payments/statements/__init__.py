"""Reads files of bank statements: CSV by a declared profile, and camt.053 (ISO 20022).

A file is taken as a whole or not at all: its lines must carry the opening balance to the closing balance.
"""
