"""Words and forms for people: choosing a language, writing and reading amounts, dates by zone, the words of every code.

Features speak codes and facts; only this package and the templates speak sentences. English is the source language,
`translations/zh_Hans_CN` the other. Open `labels.py` for the words of codes.
"""
