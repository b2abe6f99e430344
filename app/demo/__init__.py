"""A small market told through real actions: if the demo runs, the rules hold.

`story.py` tells it; `desk.py` brings work to the officers; `people.py` are those in it.
The list of names in `lists/` is invented. The filings in `filings/` are real, published by the SEC; the
investors, the pledges and what becomes of them are invented. Production refuses all of this.
"""
