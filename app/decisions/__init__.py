"""What the law said to each wish to invest, kept so that anybody can ask it again.

A decision stores its facts in the public case form and names the edition of the pack that decided: the same facts and the
same edition must always give the same answer (`replay.py`). Where two laws apply, both are asked, both are kept, and the
stricter one binds. Imports: investors, regimes. Open `actions.py` first.
"""
