"""The smallest custodian: a bank account for client money, and a person who carries out what the files say.

The person pays what lies in `outgoing`, downloads the account's statement, hands it to `flask payments
import-statement manual_bank FILE`, and says with `flask payments match` what a line without a reference was for.
"""
