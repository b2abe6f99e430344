"""Companies that raise money, and the people who act for them.

A person acts for a company as a member (`IssuerMember`). The account that the company is paid to is sealed by the
vault. Open `models.py` first.
"""
