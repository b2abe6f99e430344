"""Money in and out through a gateway: what we asked (instructions), what we were told (events), what proves it.

An instruction is recorded and committed, then sent with a stable key, then its answer is recorded. A timeout is
*unknown*, never *failed*. Events are stored first and handled later; the state always comes from asking the gateway.
`port.py` is what a gateway must be able to do; only `app/wiring.py` knows which one is real. Open `port.py` first.
"""
