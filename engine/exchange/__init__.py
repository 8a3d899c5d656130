"""Letters between offices that share no database: signed, numbered, kept once, answered with a signed receipt.

Knows offices, keys and messages; nothing of cases, benefits or money. Called by ``engine.cases.correspondence``.
"""
