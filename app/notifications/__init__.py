"""Messages to people: queued in the transaction of what they tell, sent after its commit, each exactly once.

`actions.enqueue` is called by features; `jobs/send_notifications.py` renders (templates/email) and sends.
Knows users only by id. Open `catalog.py` first: every message there is.
"""
