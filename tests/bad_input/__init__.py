"""Bad input, row by row; docs/security.md ("Bad input") says which test holds which row.

Forms, fields and addresses are found by looking (asking.py), not listed: a new form is tried as
soon as a page shows it.
"""
