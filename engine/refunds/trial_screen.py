"""The statements of a trial: those of the screening, by tried figures, held against what the screening found.

Nothing is judged here anew: ``screen.judged`` is what the screening itself runs. What differs is kept, and nothing else.
"""

from __future__ import annotations

from engine.refunds.screen import judged

#: what a decision says; everything that may differ
_SAID = (
    "kind", "size", "outcome", "failed", "months", "base_heads", "base_months", "lost", "paid_fen", "arrears_fen", "lists",
    "way", "amount_fen", "passed_on_fen",
)  # fmt: skip
_JUDGED = judged("screen_trial_figure f ON f.trial_id = :trial")


def _of(alias: str) -> str:
    return ", ".join(f"{alias}.{name}" for name in _SAID)


#: how many employers of the part were judged, how many of them the screening knows, how many changes were kept
COMPARE = f"""
WITH tried AS MATERIALIZED ({_JUDGED}),
held AS MATERIALIZED (
  SELECT t.*, d.outcome AS before_outcome, d.failed AS before_failed, d.size AS before_size, d.amount_fen AS before_fen,
    ({_of("t")}) IS DISTINCT FROM ({_of("d")}) AS differs
  FROM tried t JOIN screen_decision d ON d.run_id = :run AND d.employer_id = t.employer_id),
kept AS (
  INSERT INTO screen_trial_change (trial_id, employer_id, part, region, {", ".join(_SAID)}, industry, before_outcome,
    before_failed, before_size, before_fen, delta_fen)
  SELECT :trial, h.employer_id, :part, h.region, {_of("h")}, y.industry, h.before_outcome,
    h.before_failed, h.before_size, h.before_fen, h.amount_fen - h.before_fen
  FROM held h JOIN employer_year y ON y.roster_id = :roster AND y.employer_id = h.employer_id
  WHERE h.differs RETURNING 1)
SELECT (SELECT count(*) FROM tried), (SELECT count(*) FROM held), (SELECT count(*) FROM kept)
"""  # noqa: S608 - names of our own columns

#: before and after for every group of employers, whether anything changed for them or not
TOTALS = """
INSERT INTO screen_trial_total (trial_id, region, size, industry, employers, before_paid, before_fen, after_paid, after_fen,
  gain, gain_fen, lose, lose_fen)
SELECT :trial, b.region, b.size, b.industry, count(*), count(*) FILTER (WHERE b.before_fen > 0), sum(b.before_fen),
  count(*) FILTER (WHERE b.before_fen + b.delta > 0), sum(b.before_fen + b.delta),
  count(*) FILTER (WHERE b.delta > 0), coalesce(sum(b.delta) FILTER (WHERE b.delta > 0), 0),
  count(*) FILTER (WHERE b.delta < 0), coalesce(-sum(b.delta) FILTER (WHERE b.delta < 0), 0)
FROM (
  SELECT d.region, d.size, y.industry, d.amount_fen AS before_fen, coalesce(c.delta_fen, 0) AS delta
  FROM screen_decision d
  JOIN employer_year y ON y.roster_id = :roster AND y.employer_id = d.employer_id
  LEFT JOIN screen_trial_change c ON c.trial_id = :trial AND c.employer_id = d.employer_id
  WHERE d.run_id = :run AND d.region LIKE :within) b
GROUP BY b.region, b.size, b.industry
"""
