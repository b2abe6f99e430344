"""People who invest: who they are to the law, the figures they declare, the statuses they claim.

Figures are never changed, only declared anew. A claimed status (accredited, certified) counts when an officer has
verified it. `actions.lock` takes the investor's row: the first lock of every pledge. Open `models.py` first.
"""
