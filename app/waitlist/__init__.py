"""The waitlist of a full offering: who comes next when room becomes free, one after the other, each with one clock.

waiting (in line, by the order of joining) -> offered (room is kept until a stated minute) -> accepted (the room became a
pledge) or lapsed; left at any time; ended with the offering. Kept room counts in the offering's progress, so nobody else
can take it. No money and no decision of law before the pledge itself.
Imports: pledges, offerings, investors. Open `lifecycle.py` first, then `actions.py`.
"""
