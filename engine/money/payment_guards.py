"""What PostgreSQL itself holds payment orders, batches and receipts to: their steps, and what must agree.

No order is in two live batches and none is paid twice, whoever writes. Run by the migration.
"""

from __future__ import annotations

from engine.money.payment_tables import LINE_CORE, ORDER_CORE
from engine.store.guards import allowed_transitions, frozen_columns, insert_only, keep_rows, set_once

ORDER_STEPS = (
    ("ordered", "batched"),
    ("batched", "sent"),
    ("batched", "ordered"),
    ("sent", "paid"),
    ("sent", "returned"),
    ("returned", "ordered"),
    ("returned", "held"),
    ("ordered", "held"),
    ("held", "ordered"),
    ("ordered", "cancelled"),
)
BATCH_STEPS = (
    ("prepared", "sampled"),
    ("sampled", "certified"),
    ("certified", "released"),
    ("released", "answered"),
    ("answered", "closed"),
    ("prepared", "dissolved"),
    ("sampled", "dissolved"),
    ("certified", "dissolved"),
)
LINE_STEPS = (("waiting", "paid"), ("waiting", "returned"))

# a batch's head must say what its lines say, and a line what its order says, whoever wrote them
_REQUIRE_TOTALS = """
CREATE OR REPLACE FUNCTION require_batch_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  found integer;
  total numeric;
BEGIN
  SELECT count(*), COALESCE(sum(amount_fen), 0) INTO found, total FROM payment_line WHERE batch_id = NEW.id;
  IF found <> NEW.line_count OR total <> NEW.total_fen OR found = 0 THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'payment_batch', CONSTRAINT = 'batch_totals',
      MESSAGE = '批次 ' || NEW.number || ' 与明细不符：应为 ' || NEW.line_count || ' 笔 ' || NEW.total_fen
        || ' 分，明细为 ' || found || ' 笔 ' || total || ' 分';
  END IF;
  RETURN NULL;
END $$
"""
# for a whole statement at once: a month's batches hold hundreds of thousands of lines
_REQUIRE_ORDER = """
CREATE OR REPLACE FUNCTION require_order_of_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  wrong record;
BEGIN
  SELECT l.batch_id, l.line_no, l.order_id INTO wrong
    FROM made l
    LEFT JOIN payment_order o ON o.id = l.order_id AND o.status = 'ordered' AND o.amount_fen = l.amount_fen
    LEFT JOIN payment_batch b ON b.id = l.batch_id AND b.status = 'prepared'
    WHERE o.id IS NULL OR b.id IS NULL OR l.status <> 'waiting'
      OR (l.account_index <> o.account_index AND NOT EXISTS (
        SELECT FROM account_correction c WHERE c.order_id = o.id AND c.account_index = l.account_index))
    ORDER BY l.batch_id, l.line_no LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'payment_line', CONSTRAINT = 'line_of_open_order',
      MESSAGE = '批次明细 ' || wrong.batch_id || '/' || wrong.line_no || ' 与支付单 ' || wrong.order_id
        || ' 的状态、金额或账户不符';
  END IF;
  RETURN NULL;
END $$
"""
_REQUIRE_PAID_LINE = """
CREATE OR REPLACE FUNCTION require_paid_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM 1 FROM payment_line WHERE order_id = NEW.id AND status = 'paid';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'payment_order', CONSTRAINT = 'paid_by_the_bank',
      MESSAGE = '支付单 ' || NEW.id || ' 没有银行付讫的明细，不能记为已付';
  END IF;
  RETURN NEW;
END $$
"""

TRIGGERS: tuple[str, ...] = (
    *insert_only("account_correction"),
    *insert_only("bank_receipt"),
    *insert_only("payment_chunk"),
    *keep_rows("payment_order"),
    *frozen_columns("payment_order", *ORDER_CORE, "chunk_id"),
    *allowed_transitions("payment_order", "status", ORDER_STEPS),
    *keep_rows("payment_batch"),
    *frozen_columns(
        "payment_batch", "id", "number", "region", "line_count", "total_fen", "prepared_by", "prepared_at"
    ),
    *set_once(
        "payment_batch",
        "sampled_by",
        "sampled_at",
        "certified_by",
        "certified_at",
        "released_by",
        "released_at",
        "file_digest",
    ),
    *allowed_transitions("payment_batch", "status", BATCH_STEPS),
    *keep_rows("payment_line"),
    *frozen_columns("payment_line", *LINE_CORE),
    *allowed_transitions("payment_line", "status", LINE_STEPS),
    _REQUIRE_TOTALS,
    "DROP TRIGGER IF EXISTS payment_batch_totals ON payment_batch",
    "CREATE CONSTRAINT TRIGGER payment_batch_totals AFTER INSERT OR UPDATE ON payment_batch "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_batch_totals()",
    _REQUIRE_ORDER,
    "DROP TRIGGER IF EXISTS payment_line_of_order ON payment_line",
    "CREATE TRIGGER payment_line_of_order AFTER INSERT ON payment_line "
    "REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION require_order_of_line()",
    _REQUIRE_PAID_LINE,
    "DROP TRIGGER IF EXISTS payment_order_paid ON payment_order",
    "CREATE TRIGGER payment_order_paid BEFORE UPDATE ON payment_order "
    "FOR EACH ROW WHEN (NEW.status = 'paid' AND OLD.status <> 'paid') EXECUTE FUNCTION require_paid_line()",
)
