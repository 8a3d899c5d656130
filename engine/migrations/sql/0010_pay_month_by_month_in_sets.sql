DROP TRIGGER IF EXISTS benefit_grant_keep_rows ON benefit_grant
--;
CREATE TRIGGER benefit_grant_keep_rows BEFORE DELETE OR TRUNCATE ON benefit_grant FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS benefit_grant_frozen_columns ON benefit_grant
--;
CREATE TRIGGER benefit_grant_frozen_columns BEFORE UPDATE ON benefit_grant FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.origin IS DISTINCT FROM NEW.origin OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.applied_on IS DISTINCT FROM NEW.applied_on OR OLD.granted_on IS DISTINCT FROM NEW.granted_on OR OLD.first_month IS DISTINCT FROM NEW.first_month OR OLD.months IS DISTINCT FROM NEW.months OR OLD.monthly_fen IS DISTINCT FROM NEW.monthly_fen OR OLD.determination IS DISTINCT FROM NEW.determination) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS benefit_grant_status_steps ON benefit_grant
--;
CREATE TRIGGER benefit_grant_status_steps BEFORE UPDATE ON benefit_grant FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('active>stopped', 'active>used_up', 'stopped>active', 'used_up>stopped')) EXECUTE FUNCTION refuse_change('允许的步骤：active→stopped、active→used_up、stopped→active、used_up→stopped')
--;
DROP TRIGGER IF EXISTS month_run_keep_rows ON month_run
--;
CREATE TRIGGER month_run_keep_rows BEFORE DELETE OR TRUNCATE ON month_run FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS month_part_keep_rows ON month_part
--;
CREATE TRIGGER month_part_keep_rows BEFORE DELETE OR TRUNCATE ON month_part FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS month_rate_insert_only ON month_rate
--;
CREATE TRIGGER month_rate_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON month_rate FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS month_decision_insert_only ON month_decision
--;
CREATE TRIGGER month_decision_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON month_decision FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS payment_chunk_insert_only ON payment_chunk
--;
CREATE TRIGGER payment_chunk_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_chunk FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS payment_order_frozen_columns ON payment_order
--;
CREATE TRIGGER payment_order_frozen_columns BEFORE UPDATE ON payment_order FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.key IS DISTINCT FROM NEW.key OR OLD.payee_kind IS DISTINCT FROM NEW.payee_kind OR OLD.payee_id IS DISTINCT FROM NEW.payee_id OR OLD.payee_name IS DISTINCT FROM NEW.payee_name OR OLD.account IS DISTINCT FROM NEW.account OR OLD.account_index IS DISTINCT FROM NEW.account_index OR OLD.account_name IS DISTINCT FROM NEW.account_name OR OLD.amount_fen IS DISTINCT FROM NEW.amount_fen OR OLD.purpose IS DISTINCT FROM NEW.purpose OR OLD.month IS DISTINCT FROM NEW.month OR OLD.region IS DISTINCT FROM NEW.region OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.created_by IS DISTINCT FROM NEW.created_by OR OLD.created_at IS DISTINCT FROM NEW.created_at OR OLD.chunk_id IS DISTINCT FROM NEW.chunk_id) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
CREATE OR REPLACE FUNCTION require_order_of_line() RETURNS trigger LANGUAGE plpgsql AS $$
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
--;
DROP TRIGGER IF EXISTS payment_line_of_order ON payment_line
--;
CREATE TRIGGER payment_line_of_order AFTER INSERT ON payment_line REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION require_order_of_line()
--;
DROP TRIGGER IF EXISTS match_round_keep_rows ON match_round
--;
CREATE TRIGGER match_round_keep_rows BEFORE DELETE OR TRUNCATE ON match_round FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS match_hit_keep_rows ON match_hit
--;
CREATE TRIGGER match_hit_keep_rows BEFORE DELETE OR TRUNCATE ON match_hit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS match_hit_frozen_columns ON match_hit
--;
CREATE TRIGGER match_hit_frozen_columns BEFORE UPDATE ON match_hit FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.round_id IS DISTINCT FROM NEW.round_id OR OLD.origin IS DISTINCT FROM NEW.origin OR OLD.roster_id IS DISTINCT FROM NEW.roster_id OR OLD.grant_id IS DISTINCT FROM NEW.grant_id OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.ground IS DISTINCT FROM NEW.ground OR OLD.event_day IS DISTINCT FROM NEW.event_day OR OLD.detail IS DISTINCT FROM NEW.detail OR OLD.found_at IS DISTINCT FROM NEW.found_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS match_hit_status_steps ON match_hit
--;
CREATE TRIGGER match_hit_status_steps BEFORE UPDATE ON match_hit FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>confirmed', 'open>cleared')) EXECUTE FUNCTION refuse_change('允许的步骤：open→confirmed、open→cleared')
--;
DROP TRIGGER IF EXISTS roster_keep_rows ON roster
--;
CREATE TRIGGER roster_keep_rows BEFORE DELETE OR TRUNCATE ON roster FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS roster_frozen_columns ON roster
--;
CREATE TRIGGER roster_frozen_columns BEFORE UPDATE ON roster FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.region IS DISTINCT FROM NEW.region OR OLD.as_of IS DISTINCT FROM NEW.as_of OR OLD.source IS DISTINCT FROM NEW.source OR OLD.taken_by IS DISTINCT FROM NEW.taken_by OR OLD.taken_at IS DISTINCT FROM NEW.taken_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS roster_status_steps ON roster
--;
CREATE TRIGGER roster_status_steps BEFORE UPDATE ON roster FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('loading>current', 'loading>refused', 'current>superseded')) EXECUTE FUNCTION refuse_change('允许的步骤：loading→current、loading→refused、current→superseded')
--;
DROP TRIGGER IF EXISTS roster_line_insert_only ON roster_line
--;
CREATE TRIGGER roster_line_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON roster_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
