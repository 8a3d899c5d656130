"""The statements that decide a part of a month run: what ``engine.law.month.month_due`` says, over ten thousand grants.

Months are counted as whole numbers here: year × 12 + month − 1. The tables of a part are temporary and go
with its transaction. A differential test holds these statements to the rule, grant by grant.
"""

from __future__ import annotations

#: whom a run looks at: everybody who is paid, who has months left up to a stop, or whose months got more since
_CANDIDATE = """(status = 'active'
  OR (status = 'stopped' AND (paid_through IS NULL OR paid_through < to_char(ended_on, 'YYYY-MM')))
  OR (status IN ('stopped', 'used_up') AND paid_through >= :look_from))"""

#: the grants of the part, locked: nobody else moves how far they are ordered
LOCK = """
SELECT count(*) FROM (
  SELECT id FROM benefit_grant
  WHERE region_code = :region AND id BETWEEN :first AND :last AND CANDIDATE
  ORDER BY id FOR UPDATE) locked
""".replace("CANDIDATE", _CANDIDATE)

#: whose period ends by this month and whose extension nobody has looked at: Python asks the law for each
EXPIRING = """
SELECT g.id, g.first_month, g.months, g.region_code, g.retirement_class, p.birth
FROM benefit_grant g JOIN person p ON p.id = g.person_id
WHERE g.region_code = :region AND g.id BETWEEN :first AND :last AND g.status = 'active'
  AND g.extended_through IS NULL
  AND left(g.first_month, 4)::int * 12 + right(g.first_month, 2)::int - 1 + g.months - 1 <= :run_no
ORDER BY g.id
"""

#: what the law said of them: through NULL and verdict NULL: the period simply ends
EXTENSIONS = """
CREATE TEMP TABLE part_extension (grant_id int PRIMARY KEY, through_no int, verdict text) ON COMMIT DROP
"""

#: every grant of the part with the months that are due: from_no to to_no, none where from_no is the greater
DUE = """
CREATE TEMP TABLE part_due ON COMMIT DROP AS
SELECT s.*, CASE WHEN s.status = 'used_up' THEN s.from_no - 1 ELSE least(:run_no, s.end_no) END AS to_no,
  s.status = 'active' AND s.verdict IS NULL AND s.last_no <= :run_no
    AND (s.through_no IS NULL OR s.through_no <= :run_no) AS finished
FROM (
  SELECT r.*,
    CASE WHEN r.ended_on IS NULL THEN greatest(r.last_no, r.through_no)
         ELSE least(greatest(r.last_no, r.through_no),
                    extract(year FROM r.ended_on)::int * 12 + extract(month FROM r.ended_on)::int - 1) END AS end_no
  FROM (
    SELECT g.id AS grant_id, g.person_id, g.case_id, g.region_code, g.household_region, g.applied_on,
      g.monthly_fen, g.status, g.ended_on, p.name, p.id_number_index, g.months,
      left(g.first_month, 4)::int * 12 + right(g.first_month, 2)::int - 1 AS first_no,
      left(g.first_month, 4)::int * 12 + right(g.first_month, 2)::int - 1 + g.months - 1 AS last_no,
      coalesce(left(g.paid_through, 4)::int * 12 + right(g.paid_through, 2)::int,
               left(g.first_month, 4)::int * 12 + right(g.first_month, 2)::int - 1) AS from_no,
      coalesce(left(g.extended_through, 4)::int * 12 + right(g.extended_through, 2)::int - 1, e.through_no) AS through_no,
      e.verdict
    FROM (SELECT * FROM benefit_grant
          WHERE region_code = :region AND id BETWEEN :first AND :last AND CANDIDATE) g
    JOIN person p ON p.id = g.person_id
    LEFT JOIN part_extension e ON e.grant_id = g.id
  ) r
) s
""".replace("CANDIDATE", _CANDIDATE)

#: each due month with what the law gives for it; benefit_fen NULL where no figure is in force
MONTHS = """
CREATE TEMP TABLE part_month ON COMMIT DROP AS
SELECT d.grant_id, n AS no, to_char(make_date(n / 12, n % 12 + 1, 1), 'YYYY-MM') AS month,
  CASE WHEN f.reaches IS NULL THEN NULL
       WHEN NOT f.reaches OR make_date(n / 12, n % 12 + 1, 1) <= d.applied_on THEN d.monthly_fen
       ELSE r.benefit_fen END AS benefit_fen,
  coalesce(r.medical_fen, 0) AS medical_fen
FROM part_due d
CROSS JOIN LATERAL generate_series(d.from_no, d.to_no) AS n
LEFT JOIN run_follows f ON d.applied_on >= f.first AND d.applied_on <= f.last
LEFT JOIN month_rate r ON r.run_id = :run AND r.region = d.region_code
  AND r.household_region = d.household_region
  AND r.month = to_char(make_date(n / 12, n % 12 + 1, 1), 'YYYY-MM')
"""

#: differences to a standard that was raised after the month was ordered; imported months have no order to compare;
#: what was kept back of a month against a debt was paid, too; after a death grant nothing more goes to the account of the dead
RAISED = """
CREATE TEMP TABLE part_raise ON COMMIT DROP AS
SELECT d.grant_id, c.month, c.benefit_fen, c.benefit_fen - ordered.fen AS more_fen
FROM part_due d
JOIN run_raise c ON c.region = d.region_code AND c.household_region = d.household_region
  AND c.no >= d.first_no AND c.no < d.from_no AND c.no <= d.end_no
  AND make_date(c.no / 12, c.no % 12 + 1, 1) > d.applied_on
JOIN run_follows f ON d.applied_on >= f.first AND d.applied_on <= f.last AND f.reaches
CROSS JOIN LATERAL (
  SELECT sum(o.amount_fen) FILTER (WHERE o.status <> 'cancelled') + coalesce(sum(kept.fen), 0) AS fen
  FROM payment_order o
  LEFT JOIN LATERAL (
    SELECT sum(r.amount_fen) AS fen FROM repayment r WHERE r.order_id = o.id AND r.way = 'offset') kept ON true
  WHERE o.payee_kind = 'person' AND o.payee_id = d.person_id AND o.purpose = 'benefit'
    AND o.month = c.month) ordered
WHERE ordered.fen < c.benefit_fen
  AND NOT EXISTS (SELECT FROM death_grant f WHERE f.grant_id = d.grant_id AND f.status = 'granted')
"""

#: price subsidies of months that are drawn by now, whenever their index was published; a month that an older system paid
#: has no order here, and the older system paid its subsidy; once for a person and month, on whatever grant
PRICED = """
CREATE TEMP TABLE part_price ON COMMIT DROP AS
SELECT d.grant_id, r.month, r.subsidy_fen
FROM part_due d
JOIN (
  SELECT *, left(month, 4)::int * 12 + right(month, 2)::int - 1 AS no
  FROM month_rate WHERE run_id = :run AND region = :region AND subsidy_fen > 0) r
  ON r.household_region = d.household_region
  AND r.no >= d.first_no AND r.no <= d.end_no AND r.no <= greatest(d.to_no, d.from_no - 1)
CROSS JOIN LATERAL (
  SELECT bool_or(o.purpose = 'benefit') AS benefit, bool_or(o.purpose = 'subsidy') AS subsidy
  FROM payment_order o
  WHERE o.payee_kind = 'person' AND o.payee_id = d.person_id AND o.month = r.month
    AND o.purpose IN ('benefit', 'subsidy') AND o.status <> 'cancelled') ordered
WHERE ordered.subsidy IS NOT TRUE AND (r.no >= d.from_no OR ordered.benefit)
  AND NOT EXISTS (SELECT FROM death_grant f WHERE f.grant_id = d.grant_id AND f.status = 'granted')
"""

DECIDE = """
INSERT INTO month_decision (run_id, grant_id, part, region, outcome, reason, first_due, last_due, months,
  benefit_fen, adjustment_fen, medical_fen, subsidy_fen)
SELECT :run, d.grant_id, :part, d.region_code, v.outcome,
  CASE WHEN v.outcome = 'pay' THEN CASE WHEN d.from_no > d.to_no THEN CASE WHEN u.more_fen IS NULL THEN 'price' ELSE 'raised' END WHEN d.finished THEN 'last' WHEN d.to_no > d.last_no THEN 'extended' ELSE 'due' END
       WHEN v.outcome = 'end' THEN 'used_up' ELSE v.held END,
  CASE WHEN v.outcome = 'pay' THEN m.first_due END, CASE WHEN v.outcome = 'pay' THEN m.last_due END,
  CASE WHEN v.outcome = 'pay' THEN coalesce(m.months, 0) ELSE 0 END,
  CASE WHEN v.outcome = 'pay' THEN coalesce(m.benefit_fen, 0) ELSE 0 END,
  CASE WHEN v.outcome = 'pay' THEN coalesce(u.more_fen, 0) ELSE 0 END,
  CASE WHEN v.outcome = 'pay' THEN coalesce(m.medical_fen, 0) ELSE 0 END,
  CASE WHEN v.outcome = 'pay' THEN coalesce(p.subsidy_fen, 0) ELSE 0 END
FROM part_due d
LEFT JOIN card_account a ON a.person_index = d.id_number_index
LEFT JOIN (
  SELECT grant_id, min(month) AS first_due, max(month) AS last_due, count(*) AS months,
    bool_or(benefit_fen IS NULL) AS gap, sum(benefit_fen) AS benefit_fen,
    sum(medical_fen) AS medical_fen
  FROM part_month GROUP BY grant_id) m ON m.grant_id = d.grant_id
LEFT JOIN (SELECT grant_id, sum(more_fen) AS more_fen FROM part_raise GROUP BY grant_id) u ON u.grant_id = d.grant_id
LEFT JOIN (SELECT grant_id, sum(subsidy_fen) AS subsidy_fen FROM part_price GROUP BY grant_id) p ON p.grant_id = d.grant_id
CROSS JOIN LATERAL (
  SELECT CASE
    WHEN d.from_no > d.to_no AND u.more_fen IS NULL AND p.subsidy_fen IS NULL THEN d.verdict
    WHEN EXISTS (SELECT FROM match_hit h WHERE h.grant_id = d.grant_id AND h.status = 'open') THEN 'hit'
    WHEN a.person_index IS NULL THEN 'no_account'
    WHEN NOT a.activated THEN 'account_inactive'
    WHEN a.holder_index <> d.id_number_index THEN 'holder_differs'
    WHEN m.gap THEN 'no_rate' END AS held) h
CROSS JOIN LATERAL (
  SELECT h.held, CASE
    WHEN d.from_no > d.to_no AND u.more_fen IS NULL AND p.subsidy_fen IS NULL AND d.finished THEN 'end'
    WHEN h.held IS NOT NULL THEN 'hold'
    WHEN d.from_no > d.to_no AND u.more_fen IS NULL AND p.subsidy_fen IS NULL THEN 'none'
    ELSE 'pay' END AS outcome) v
WHERE v.outcome <> 'none'
"""

#: the planner knows nothing of a temporary table until it is told, and guesses a thousand rows for a series
IN_ORDER = (
    DUE,
    "ANALYZE part_due, run_follows",
    MONTHS,
    RAISED,
    PRICED,
    "ANALYZE part_month, part_raise, part_price",
    DECIDE,
)
#: the rows of ``engine.money.bulk.order_many``
ORDERS = """
SELECT k.key || coalesce(':' || before.orders, '') AS key, 'person' AS payee_kind,
  d.person_id::bigint AS payee_id, d.name AS payee_name, a.account, a.account_index, a.holder_name AS account_name,
  k.amount_fen, k.purpose, k.month, :region AS region, d.case_id::bigint AS case_id
FROM month_decision v
JOIN part_due d ON d.grant_id = v.grant_id
JOIN card_account a ON a.person_index = d.id_number_index
JOIN (
  SELECT grant_id, 'benefit:' || grant_id || ':' || month AS key, month, benefit_fen AS amount_fen, 'benefit' AS purpose
    FROM part_month
  UNION ALL
  SELECT grant_id, 'subsidy:' || grant_id || ':' || month, month, subsidy_fen, 'subsidy'
    FROM part_price
  UNION ALL
  SELECT grant_id, 'raise:' || grant_id || ':' || month || ':' || benefit_fen, month, more_fen, 'benefit'
    FROM part_raise
) k ON k.grant_id = d.grant_id
-- a month whose order was cancelled by a stop that turned out wrong is ordered anew, under a key of its own
LEFT JOIN payment_order gone ON gone.key = k.key AND gone.status = 'cancelled'
LEFT JOIN LATERAL (
  SELECT count(*) AS orders FROM payment_order o
  WHERE gone.id IS NOT NULL AND o.payee_kind = 'person' AND o.payee_id = d.person_id AND o.month = k.month
    AND o.status = 'cancelled') before ON gone.id IS NOT NULL
WHERE v.run_id = :run AND v.part = :part AND v.outcome = 'pay'
"""

#: how far each grant is ordered now, what goes on, and what is used up
MOVE = """
UPDATE benefit_grant g
SET paid_through = coalesce(v.last_due, g.paid_through),
  months_paid = CASE WHEN v.last_due IS NULL THEN g.months_paid ELSE least(g.months, d.to_no - d.first_no + 1) END,
  extended_through = CASE WHEN d.through_no IS NULL THEN NULL
    ELSE to_char(make_date(d.through_no / 12, d.through_no % 12 + 1, 1), 'YYYY-MM') END,
  status = CASE WHEN v.outcome IN ('pay', 'end') AND d.finished THEN 'used_up' ELSE g.status END
FROM month_decision v JOIN part_due d ON d.grant_id = v.grant_id
WHERE v.run_id = :run AND v.part = :part AND g.id = v.grant_id
"""

#: an extension that was found although nothing is due this month
REMEMBER = """
UPDATE benefit_grant g
SET extended_through = to_char(make_date(e.through_no / 12, e.through_no % 12 + 1, 1), 'YYYY-MM')
FROM part_extension e
WHERE e.grant_id = g.id AND e.through_no IS NOT NULL AND g.extended_through IS NULL
"""

COUNTS = """
SELECT count(*), count(*) FILTER (WHERE outcome = 'pay'), count(*) FILTER (WHERE outcome = 'hold'),
  count(*) FILTER (WHERE outcome = 'end'), coalesce(sum(benefit_fen + adjustment_fen + subsidy_fen), 0)
FROM month_decision WHERE run_id = :run AND part = :part
"""

#: grants cut into parts of at most :size, each of one region
PARTS = """
SELECT region_code, min(id), max(id), count(*) FROM (
  SELECT region_code, id, (row_number() OVER (PARTITION BY region_code ORDER BY id) - 1) / :size AS piece
  FROM benefit_grant
  WHERE region_code LIKE :within AND CANDIDATE
) g GROUP BY region_code, piece ORDER BY region_code, piece
""".replace("CANDIDATE", _CANDIDATE)

#: where the grants of the run are, and where their households
PLACES = """
SELECT DISTINCT region_code, household_region FROM benefit_grant
WHERE region_code LIKE :within ORDER BY 1, 2
"""

#: the first month that anybody may still be owed
EARLIEST = """
SELECT min(coalesce(paid_through, first_month)) FROM benefit_grant
WHERE region_code LIKE :within AND status IN ('active', 'stopped')
"""

#: months whose standard an earlier run knew to be lower: what was ordered by it is paid up, whenever that can be
RAISES = """
CREATE TEMP TABLE run_raise ON COMMIT DROP AS
SELECT r.region, r.household_region, r.month, r.benefit_fen,
  left(r.month, 4)::int * 12 + right(r.month, 2)::int - 1 AS no
FROM month_rate r
WHERE r.run_id = :run AND r.region LIKE :within AND EXISTS (
  SELECT FROM month_rate b
  WHERE b.run_id < :run AND b.region = r.region AND b.household_region = r.household_region
    AND b.month = r.month AND b.benefit_fen < r.benefit_fen)
"""
RAISED_FROM = "SELECT coalesce(min(month), '9999-99') FROM run_raise"
#: the first month that a price subsidy is known of: who was paid to the end before its index came is looked at again
PRICED_FROM = """
SELECT coalesce(min(month), '9999-99') FROM month_rate
WHERE run_id = :run AND region LIKE :within AND subsidy_fen > 0
"""
