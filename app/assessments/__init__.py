"""What the law wants somebody to understand and bear before they invest: tests, simulations, warnings, and waits.

Questions and texts are data (`*.toml` beside this), their numbers stand in `regimes/standing.toml`. Every try, every
warning that was acknowledged and every step is kept whole. Open `bank.py` first.
"""
