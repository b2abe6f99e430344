"""What an examiner gets of an offering: everything that was decided, told, paid and entered, in files that check themselves.

`contents.py` says which rows of which table go into which file; `bundle.py` writes them.
"""
