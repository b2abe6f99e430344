"""A custodian that is reached by files: signed instructions go out, bank statements come in.

`adapter.py` is the port, `desk.py` what is kept of both (with its own connection and commits, as an answer of the
outside must not roll back with us), `documents.py` the signed files, `setup.py` the settings. `docs/escrow-files.md`
tells the agent what a file looks like.
"""
