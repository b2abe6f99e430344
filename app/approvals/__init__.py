"""Four eyes: somebody proposes, somebody else agrees to the very same, and only then may it be done.

A proposal is bound to a hash of what it says and of what it is about; the database itself refuses the protected changes
(publishing, a payee's account, a staff role, a mass refund) without one that was approved. What each kind does when it is
approved is `app/four_eyes.py`. Knows its subject only by a name such as "offering:12". Open `actions.py` first.
"""
