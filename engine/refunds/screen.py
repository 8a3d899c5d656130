"""The statements that judge a part of a screening: what ``engine.law.screening.screened`` says, over ten thousand employers.

No figure stands here: they come from ``screen_figure``, which the law filled. Bits of conditions and lists follow
the order of ``CONDITIONS`` and ``LISTINGS``. A differential test holds the statements to the rule, employer by employer.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.law.screening import CONDITIONS, LIKE_SME, LISTINGS


def bits(names: Iterable[str], order: Iterable[str]) -> int:
    """The names as bits of one number."""
    given = set(names)
    return sum(1 << place for place, name in enumerate(order) if name in given)


def named(number: int, order: Iterable[str]) -> tuple[str, ...]:
    """The names whose bits the number has, in order."""
    return tuple(name for place, name in enumerate(order) if number >> place & 1)


def _condition(name: str) -> str:
    return str(bits((name,), CONDITIONS))


def _lists(*names: str) -> str:
    return str(bits(names, LISTINGS))


_SMALL_KINDS = ", ".join(f"'{kind}'" for kind in sorted(LIKE_SME))

#: what the lists of the run say of each employer that any of them names
LISTED = f"""
INSERT INTO screen_listing (run_id, employer_id, lists, owed_fen)
SELECT :run, e.id,
  bit_or(CASE r.kind {" ".join(f"WHEN '{name}' THEN {_lists(name)}" for name in LISTINGS)} ELSE 0 END),
  coalesce(sum(l.amount_fen) FILTER (WHERE r.kind = 'arrears'), 0)
FROM employer_listing l
JOIN employer_roster r ON r.id = l.roster_id
JOIN employer e ON e.credit_code = l.credit_code
WHERE l.roster_id = ANY(:rosters)
GROUP BY e.id ORDER BY e.id
"""  # noqa: S608 - names of lists are constants of the law

#: where the employers of the run are
PLACES = """
SELECT DISTINCT region FROM employer_year WHERE roster_id = :roster AND region LIKE :within ORDER BY 1
"""

#: employers cut into parts of at most :size, in the order in which they stand
PARTS = """
SELECT min(employer_id), max(employer_id) FROM (
  SELECT employer_id, (row_number() OVER (ORDER BY employer_id) - 1) / :size AS piece
  FROM employer_year WHERE roster_id = :roster AND region LIKE :within) y
GROUP BY piece ORDER BY piece
"""

#: where the figures stand that a screening judges by
_FIGURES = "screen_figure f ON f.run_id = :run"


def judged(figures: str = _FIGURES) -> str:
    """Every condition, what it rests on, and the amount, by the figures of that table; a row for each employer of a part."""
    return f"""
SELECT :run AS run_id, y.employer_id, :part AS part, y.region, y.kind, z.size, o.outcome, c.failed,
  a.months, b.base_heads, b.base_months, b.lost, a.paid_fen, a.arrears_fen, a.lists,
  CASE WHEN o.pays AND w.struggling THEN 'struggling' ELSE 'general' END AS way,
  CASE WHEN o.pays THEN w.amount_fen ELSE 0 END AS amount_fen,
  CASE WHEN o.pays AND NOT w.struggling AND y.kind = 'dispatch_agency'
       THEN least(w.amount_fen, round(y.dispatched_fen * z.ratio)::bigint) ELSE 0 END AS passed_on_fen
FROM employer_year y
JOIN {figures} AND f.region = y.region
LEFT JOIN screen_listing l ON l.run_id = :run AND l.employer_id = y.employer_id
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE u.heads > 0)::int AS insured, sum(u.heads) AS heads,
    count(*) FILTER (WHERE u.heads > 0 AND u.paid >= u.due)::int AS whole,
    sum(u.paid)::bigint AS paid_fen, sum(greatest(u.due - u.paid, 0))::bigint AS short_fen
  FROM unnest(y.heads, y.due_fen, y.paid_fen) AS u(heads, due, paid)) m
CROSS JOIN LATERAL (
  SELECT y.months_before + m.whole AS months, m.paid_fen - y.placed_public_fen AS paid_fen,
    coalesce(l.owed_fen, 0) + m.short_fen AS arrears_fen, coalesce(l.lists, 0) AS lists,
    greatest(y.previous_end - y.heads[12], 0) AS net) a
CROSS JOIN LATERAL (
  SELECT v.size, CASE v.size WHEN 'sme' THEN f.ratio_sme ELSE f.ratio_large END AS ratio
  FROM (SELECT CASE WHEN f.like_sme AND y.kind IN ({_SMALL_KINDS}) THEN 'sme'
    WHEN y.size = 'large' THEN 'large' WHEN y.size <> '' THEN 'sme'
    WHEN m.insured > 0 AND m.heads >= f.large_from * m.insured THEN 'large' ELSE 'sme' END AS size OFFSET 0) v) z
CROSS JOIN LATERAL (
  SELECT CASE WHEN f.formula = 'average' THEN m.heads ELSE y.previous_end END AS base_heads,
    CASE WHEN f.formula = 'average' THEN greatest(m.insured, 1) ELSE 1 END AS base_months,
    CASE f.formula WHEN 'net' THEN a.net WHEN 'either' THEN least(a.net, y.claimants) ELSE y.claimants END AS lost) b
CROSS JOIN LATERAL (
  SELECT CASE WHEN y.kind = 'self_employed' OR (y.kind = 'public_body' AND NOT f.public_bodies)
      THEN {_condition("kind")} ELSE 0 END
    + CASE WHEN a.months < f.min_months THEN {_condition("months")} ELSE 0 END
    + CASE WHEN a.paid_fen <= 0 THEN {_condition("paid")} ELSE 0 END
    + CASE WHEN f.sound AND a.arrears_fen > 0 THEN {_condition("arrears")} ELSE 0 END
    + CASE WHEN b.base_heads <= 0 OR f.small_insured + f.layoff + f.layoff_small IS NOT NULL
      AND b.lost * b.base_months > b.base_heads * CASE WHEN b.base_heads <= f.small_insured * b.base_months THEN f.layoff_small ELSE f.layoff END
      THEN {_condition("layoff")} ELSE 0 END
    + CASE WHEN f.sound AND a.lists & {_lists("environment", "industry")} > 0 THEN {_condition("industry")} ELSE 0 END
    + CASE WHEN f.sound AND a.lists & {_lists("dishonest")} > 0 THEN {_condition("dishonest")} ELSE 0 END
    + CASE WHEN f.sound AND a.lists & {_lists("zombie")} > 0 THEN {_condition("zombie")} ELSE 0 END AS failed
  OFFSET 0) c
CROSS JOIN LATERAL (
  SELECT CASE WHEN g.struggling THEN g.struggling_fen ELSE g.general_fen END AS amount_fen, g.struggling
  FROM (SELECT n.*, n.struggling_fen IS NOT NULL AND (n.general_fen IS NULL OR n.struggling_fen > n.general_fen) AS struggling
    FROM (SELECT least(round(a.paid_fen * z.ratio)::bigint, CASE WHEN z.ratio IS NOT NULL THEN f.amount_cap_fen END) AS general_fen,
      CASE WHEN a.lists & {_lists("struggling")} > 0 THEN f.struggling_head_fen * y.heads[12] END AS struggling_fen) n) g
  OFFSET 0) w
CROSS JOIN LATERAL (
  SELECT v.outcome, v.outcome IN ('eligible', 'apply') AS pays
  FROM (SELECT CASE WHEN c.failed > 0 THEN 'no' WHEN NOT f.whole OR w.amount_fen IS NULL THEN 'gap'
    WHEN y.kind = 'dispatch_agency' AND f.apply_themselves THEN 'apply' ELSE 'eligible' END AS outcome) v) o
WHERE y.roster_id = :roster AND y.employer_id BETWEEN :first AND :last AND y.region LIKE :within
"""  # noqa: S608 - bits and kinds are constants of the law


DECIDE = f"""
INSERT INTO screen_decision (run_id, employer_id, part, region, kind, size, outcome, failed, months, base_heads,
  base_months, lost, paid_fen, arrears_fen, lists, way, amount_fen, passed_on_fen)
{judged()}
"""

#: the decisions of a part in one digest, and how many there are; nothing in it is a number that a lost transaction skips
DIGEST = """
SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(concat_ws(' ', employer_id, region, kind, size, outcome, failed,
  months, base_heads, base_months, lost, paid_fen, arrears_fen, lists, way, amount_fen, passed_on_fen), E'\\n'
  ORDER BY employer_id), ''), 'UTF8')), 'hex')
FROM screen_decision WHERE run_id = :run AND employer_id BETWEEN :first AND :last
"""

COUNTS = """
SELECT count(*) FILTER (WHERE outcome = 'eligible'), count(*) FILTER (WHERE outcome = 'apply'),
  count(*) FILTER (WHERE outcome = 'no'), count(*) FILTER (WHERE outcome = 'gap'), coalesce(sum(amount_fen), 0)
FROM screen_decision WHERE run_id = :run AND employer_id BETWEEN :first AND :last
"""
