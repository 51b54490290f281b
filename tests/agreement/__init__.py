"""Real releases on real interpreters against sslfix's verdicts.

`subjects.toml` says what is tried, `sweep.py` tries it, the `.tsv` tables keep what happened,
`test_agreement.py` compares sslfix with them.
"""
