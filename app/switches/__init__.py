"""What an operator has switched off: a gateway, a direction, an offering, a pledge, or everything.

A switch that is set stops money before it is asked for: `payments.actions.lease` hands nothing out that it covers, and
acts that would ask for money are refused in words (`actions.require_on`). Nothing changes its status by it: what waits
goes on when the switch is lifted. Setting takes one person, lifting two (`app/approvals`). Open `models.py` first.
"""
