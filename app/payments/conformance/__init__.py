"""Proves an adapter: named checks over the port, run by `flask payments conform NAME` and from pytest.

`bench.py` is what a gateway under test must be able to do on command; `kit.py` finds and runs the checks, which stand in the
other modules by subject. `docs/gateways.md` tells how to write an adapter and its bench.
"""
