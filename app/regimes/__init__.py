"""The law: dated parameters with their sources (`*.toml`) and pure functions beside them (`*.py`).

Facts go in, a `Verdict` comes out; nothing here knows the database, the clock or a form. The facts have the form of
the public test cases, so a stored decision can be given to `flask regimes assess` as it is.
Open `registry.py` first, then `us_reg_cf.py`.
"""
