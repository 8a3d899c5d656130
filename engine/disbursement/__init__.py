"""Disbursement (待遇发放): the month run, which decides and orders a whole region's benefits in sets."""
