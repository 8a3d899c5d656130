DROP TRIGGER IF EXISTS overpayment_keep_rows ON overpayment
--;
CREATE TRIGGER overpayment_keep_rows BEFORE DELETE OR TRUNCATE ON overpayment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS overpayment_frozen_columns ON overpayment
--;
CREATE TRIGGER overpayment_frozen_columns BEFORE UPDATE ON overpayment FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.grant_id IS DISTINCT FROM NEW.grant_id OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.ground IS DISTINCT FROM NEW.ground OR OLD.event_day IS DISTINCT FROM NEW.event_day OR OLD.amount_fen IS DISTINCT FROM NEW.amount_fen OR OLD.found_by IS DISTINCT FROM NEW.found_by OR OLD.found_at IS DISTINCT FROM NEW.found_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS overpayment_set_once ON overpayment
--;
CREATE TRIGGER overpayment_set_once BEFORE UPDATE ON overpayment FOR EACH ROW WHEN ((OLD.intentional IS NOT NULL AND OLD.intentional IS DISTINCT FROM NEW.intentional) OR (OLD.fraud IS NOT NULL AND OLD.fraud IS DISTINCT FROM NEW.fraud) OR (OLD.mode IS NOT NULL AND OLD.mode IS DISTINCT FROM NEW.mode) OR (OLD.reviewed_by IS NOT NULL AND OLD.reviewed_by IS DISTINCT FROM NEW.reviewed_by) OR (OLD.decided_by IS NOT NULL AND OLD.decided_by IS DISTINCT FROM NEW.decided_by) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at) OR (OLD.broken_at IS NOT NULL AND OLD.broken_at IS DISTINCT FROM NEW.broken_at) OR (OLD.closed_at IS NOT NULL AND OLD.closed_at IS DISTINCT FROM NEW.closed_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS overpayment_status_steps ON overpayment
--;
CREATE TRIGGER overpayment_status_steps BEFORE UPDATE ON overpayment FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>dropped', 'open>decided', 'decided>paying', 'decided>settled', 'paying>settled', 'decided>written_off', 'paying>written_off')) EXECUTE FUNCTION refuse_change('允许的步骤：open→dropped、open→decided、decided→paying、decided→settled、paying→settled、decided→written_off、paying→written_off')
--;
DROP TRIGGER IF EXISTS overpaid_month_insert_only ON overpaid_month
--;
CREATE TRIGGER overpaid_month_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON overpaid_month FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS instalment_insert_only ON instalment
--;
CREATE TRIGGER instalment_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON instalment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS repayment_insert_only ON repayment
--;
CREATE TRIGGER repayment_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON repayment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS write_off_keep_rows ON write_off
--;
CREATE TRIGGER write_off_keep_rows BEFORE DELETE OR TRUNCATE ON write_off FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS write_off_frozen_columns ON write_off
--;
CREATE TRIGGER write_off_frozen_columns BEFORE UPDATE ON write_off FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.overpayment_id IS DISTINCT FROM NEW.overpayment_id OR OLD.rule IS DISTINCT FROM NEW.rule OR OLD.amount_fen IS DISTINCT FROM NEW.amount_fen OR OLD.evidence IS DISTINCT FROM NEW.evidence OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS write_off_status_steps ON write_off
--;
CREATE TRIGGER write_off_status_steps BEFORE UPDATE ON write_off FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('proposed>approved', 'proposed>refused')) EXECUTE FUNCTION refuse_change('允许的步骤：proposed→approved、proposed→refused')
--;
CREATE OR REPLACE FUNCTION require_order_not_overpaid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM overpaid_month m JOIN overpayment o ON o.id = m.overpayment_id
             WHERE m.order_id = NEW.order_id AND o.id <> NEW.overpayment_id AND o.status <> 'dropped') THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'overpaid_month', CONSTRAINT = 'overpaid_once',
      MESSAGE = '支付单 ' || NEW.order_id || ' 已在另一笔多发待遇中追偿';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS overpaid_month_once ON overpaid_month
--;
CREATE TRIGGER overpaid_month_once BEFORE INSERT ON overpaid_month FOR EACH ROW EXECUTE FUNCTION require_order_not_overpaid()
--;
CREATE OR REPLACE FUNCTION require_open_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owed record;
  back numeric;
BEGIN
  SELECT * INTO owed FROM overpayment WHERE id = NEW.overpayment_id FOR UPDATE;
  SELECT COALESCE(sum(amount_fen), 0) INTO back FROM repayment WHERE overpayment_id = NEW.overpayment_id;
  IF owed.status NOT IN ('decided', 'paying') OR back + NEW.amount_fen > owed.amount_fen THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'repayment', CONSTRAINT = 'within_overpayment',
      MESSAGE = '多发待遇 ' || owed.id || '（' || owed.status || '）应退 ' || owed.amount_fen || ' 分，已退 ' || back
        || ' 分，不能再收 ' || NEW.amount_fen || ' 分';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS repayment_within_overpayment ON repayment
--;
CREATE TRIGGER repayment_within_overpayment BEFORE INSERT ON repayment FOR EACH ROW EXECUTE FUNCTION require_open_sum()
--;
CREATE OR REPLACE FUNCTION require_overpayment_sums() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  owed record;
  months numeric;
  planned numeric;
  back numeric;
  given_up numeric;
BEGIN
  -- as it stands at commit, not as this one of several changes left it
  SELECT * INTO owed FROM overpayment WHERE id = NEW.id;
  SELECT COALESCE(sum(amount_fen), 0) INTO months FROM overpaid_month WHERE overpayment_id = NEW.id;
  SELECT COALESCE(sum(amount_fen), 0) INTO planned FROM instalment WHERE overpayment_id = NEW.id;
  SELECT COALESCE(sum(amount_fen), 0) INTO back FROM repayment WHERE overpayment_id = NEW.id;
  SELECT COALESCE(sum(amount_fen), 0) INTO given_up FROM write_off
    WHERE overpayment_id = NEW.id AND status = 'approved';
  IF months <> owed.amount_fen
    OR (owed.mode <> 'offset' AND owed.status NOT IN ('open', 'dropped') AND planned <> owed.amount_fen)
    OR (owed.status = 'settled' AND back <> owed.amount_fen)
    OR (owed.status = 'written_off' AND (given_up = 0 OR back + given_up <> owed.amount_fen))
    OR (owed.status <> 'written_off' AND given_up <> 0) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'overpayment', CONSTRAINT = 'overpayment_sums',
      MESSAGE = '多发待遇 ' || NEW.id || '（' || owed.status || '）数目不符：应退 ' || owed.amount_fen || ' 分，各月 '
        || months || '，计划 ' || planned || '，已退 ' || back || '，核销 ' || given_up;
  END IF;
  RETURN NULL;
END $$
--;
DROP TRIGGER IF EXISTS overpayment_sums ON overpayment
--;
CREATE CONSTRAINT TRIGGER overpayment_sums AFTER INSERT OR UPDATE ON overpayment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_overpayment_sums()
--;
CREATE OR REPLACE FUNCTION require_whole_import() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  loaded bigint;
BEGIN
  loaded := CASE NEW.kind
    WHEN 'contributions' THEN (SELECT count(*) FROM imported_contribution WHERE file_id = NEW.id)
    WHEN 'grants' THEN (SELECT count(*) FROM imported_grant WHERE file_id = NEW.id)
    WHEN 'payments' THEN (SELECT count(*) FROM imported_payment WHERE file_id = NEW.id)
    WHEN 'exits' THEN (SELECT count(*) FROM imported_exit WHERE file_id = NEW.id)
    ELSE NEW.row_count END;
  IF loaded IS DISTINCT FROM NEW.row_count THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'import_file', CONSTRAINT = 'whole_import',
      MESSAGE = '导入文件 ' || NEW.id || ' 有 ' || NEW.row_count || ' 行，只装入 ' || loaded || ' 行';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS import_file_whole ON import_file
--;
CREATE TRIGGER import_file_whole BEFORE UPDATE ON import_file FOR EACH ROW WHEN (NEW.status = 'loaded') EXECUTE FUNCTION require_whole_import()
--;
DROP TRIGGER IF EXISTS import_file_keep_rows ON import_file
--;
CREATE TRIGGER import_file_keep_rows BEFORE DELETE OR TRUNCATE ON import_file FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS import_file_frozen_columns ON import_file
--;
CREATE TRIGGER import_file_frozen_columns BEFORE UPDATE ON import_file FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.name IS DISTINCT FROM NEW.name OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.source_digest IS DISTINCT FROM NEW.source_digest OR OLD.parent_id IS DISTINCT FROM NEW.parent_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.content IS DISTINCT FROM NEW.content OR OLD.uploaded_by IS DISTINCT FROM NEW.uploaded_by OR OLD.uploaded_at IS DISTINCT FROM NEW.uploaded_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS import_file_status_steps ON import_file
--;
CREATE TRIGGER import_file_status_steps BEFORE UPDATE ON import_file FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('reading>checked', 'reading>refused', 'checked>reading', 'refused>reading', 'checked>loading', 'checked>split', 'loading>loaded', 'loading>checked')) EXECUTE FUNCTION refuse_change('允许的步骤：reading→checked、reading→refused、checked→reading、refused→reading、checked→loading、checked→split、loading→loaded、loading→checked')
--;
DROP TRIGGER IF EXISTS import_row_insert_only ON import_row
--;
CREATE TRIGGER import_row_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import_row FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS adjustment_proposal_keep_rows ON adjustment_proposal
--;
CREATE TRIGGER adjustment_proposal_keep_rows BEFORE DELETE OR TRUNCATE ON adjustment_proposal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS adjustment_proposal_frozen_columns ON adjustment_proposal
--;
CREATE TRIGGER adjustment_proposal_frozen_columns BEFORE UPDATE ON adjustment_proposal FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.giver IS DISTINCT FROM NEW.giver OR OLD.total_fen IS DISTINCT FROM NEW.total_fen OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS adjustment_proposal_set_once ON adjustment_proposal
--;
CREATE TRIGGER adjustment_proposal_set_once BEFORE UPDATE ON adjustment_proposal FOR EACH ROW WHEN ((OLD.decided_by IS NOT NULL AND OLD.decided_by IS DISTINCT FROM NEW.decided_by) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS adjustment_proposal_status_steps ON adjustment_proposal
--;
CREATE TRIGGER adjustment_proposal_status_steps BEFORE UPDATE ON adjustment_proposal FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('proposed>approved', 'proposed>declined')) EXECUTE FUNCTION refuse_change('允许的步骤：proposed→approved、proposed→declined')
--;
DROP TRIGGER IF EXISTS adjustment_line_insert_only ON adjustment_line
--;
CREATE TRIGGER adjustment_line_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adjustment_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS period_closing_keep_rows ON period_closing
--;
CREATE TRIGGER period_closing_keep_rows BEFORE DELETE OR TRUNCATE ON period_closing FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS period_closing_frozen_columns ON period_closing
--;
CREATE TRIGGER period_closing_frozen_columns BEFORE UPDATE ON period_closing FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.month IS DISTINCT FROM NEW.month OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS period_closing_set_once ON period_closing
--;
CREATE TRIGGER period_closing_set_once BEFORE UPDATE ON period_closing FOR EACH ROW WHEN ((OLD.decided_by IS NOT NULL AND OLD.decided_by IS DISTINCT FROM NEW.decided_by) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at) OR (OLD.turnover_fen IS NOT NULL AND OLD.turnover_fen IS DISTINCT FROM NEW.turnover_fen)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS period_closing_status_steps ON period_closing
--;
CREATE TRIGGER period_closing_status_steps BEFORE UPDATE ON period_closing FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('proposed>closed', 'proposed>declined', 'closed>reopened')) EXECUTE FUNCTION refuse_change('允许的步骤：proposed→closed、proposed→declined、closed→reopened')
--;
DROP TRIGGER IF EXISTS period_reopening_keep_rows ON period_reopening
--;
CREATE TRIGGER period_reopening_keep_rows BEFORE DELETE OR TRUNCATE ON period_reopening FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS period_reopening_frozen_columns ON period_reopening
--;
CREATE TRIGGER period_reopening_frozen_columns BEFORE UPDATE ON period_reopening FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.closing_id IS DISTINCT FROM NEW.closing_id OR OLD.closed_by IS DISTINCT FROM NEW.closed_by OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.asked_by IS DISTINCT FROM NEW.asked_by OR OLD.asked_at IS DISTINCT FROM NEW.asked_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS period_reopening_set_once ON period_reopening
--;
CREATE TRIGGER period_reopening_set_once BEFORE UPDATE ON period_reopening FOR EACH ROW WHEN ((OLD.decided_by IS NOT NULL AND OLD.decided_by IS DISTINCT FROM NEW.decided_by) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS period_reopening_status_steps ON period_reopening
--;
CREATE TRIGGER period_reopening_status_steps BEFORE UPDATE ON period_reopening FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('asked>approved', 'asked>declined')) EXECUTE FUNCTION refuse_change('允许的步骤：asked→approved、asked→declined')
--;
CREATE OR REPLACE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  closed period_closing;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('books periods', 0));
  SELECT * INTO closed FROM period_closing
    WHERE status = 'closed' AND month >= to_char(NEW.day, 'YYYY-MM')
      AND starts_with(NEW.region, regexp_replace(region, '(00){1,2}$', ''))
    ORDER BY month LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = 'journal_entry', CONSTRAINT = 'period_closed',
      MESSAGE = '账期已结：' || closed.region || ' 的账已结至 ' || closed.month || '，不能再记 ' || NEW.day
        || ' 的凭证；后发现的事项记入第一个未结账的日期';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS journal_entry_period ON journal_entry
--;
CREATE TRIGGER journal_entry_period BEFORE INSERT ON journal_entry FOR EACH ROW EXECUTE FUNCTION refuse_closed_period()
--;
CREATE OR REPLACE FUNCTION require_reopening() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM period_reopening WHERE closing_id = NEW.id AND status = 'approved') THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = 'period_closing', CONSTRAINT = 'reopening_record',
      MESSAGE = '重新开账须有经他人批准的记录：' || NEW.region || ' ' || NEW.month;
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS period_closing_reopened ON period_closing
--;
CREATE TRIGGER period_closing_reopened BEFORE UPDATE ON period_closing FOR EACH ROW WHEN (OLD.status = 'closed' AND NEW.status = 'reopened') EXECUTE FUNCTION require_reopening()
--;
DROP TRIGGER IF EXISTS reconciliation_keep_rows ON reconciliation
--;
CREATE TRIGGER reconciliation_keep_rows BEFORE DELETE OR TRUNCATE ON reconciliation FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS reconciliation_frozen_columns ON reconciliation
--;
CREATE TRIGGER reconciliation_frozen_columns BEFORE UPDATE ON reconciliation FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.month IS DISTINCT FROM NEW.month OR OLD.side IS DISTINCT FROM NEW.side OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.file_name IS DISTINCT FROM NEW.file_name OR OLD.booked_fen IS DISTINCT FROM NEW.booked_fen OR OLD.found_fen IS DISTINCT FROM NEW.found_fen OR OLD.paired IS DISTINCT FROM NEW.paired OR OLD.opened_by IS DISTINCT FROM NEW.opened_by OR OLD.opened_at IS DISTINCT FROM NEW.opened_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS reconciliation_set_once ON reconciliation
--;
CREATE TRIGGER reconciliation_set_once BEFORE UPDATE ON reconciliation FOR EACH ROW WHEN ((OLD.signed_by IS NOT NULL AND OLD.signed_by IS DISTINCT FROM NEW.signed_by) OR (OLD.signed_at IS NOT NULL AND OLD.signed_at IS DISTINCT FROM NEW.signed_at) OR (OLD.countersigned_by IS NOT NULL AND OLD.countersigned_by IS DISTINCT FROM NEW.countersigned_by) OR (OLD.countersigned_at IS NOT NULL AND OLD.countersigned_at IS DISTINCT FROM NEW.countersigned_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS reconciliation_status_steps ON reconciliation
--;
CREATE TRIGGER reconciliation_status_steps BEFORE UPDATE ON reconciliation FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>signed', 'open>superseded')) EXECUTE FUNCTION refuse_change('允许的步骤：open→signed、open→superseded')
--;
DROP TRIGGER IF EXISTS reconciliation_pair_keep_rows ON reconciliation_pair
--;
CREATE TRIGGER reconciliation_pair_keep_rows BEFORE DELETE OR TRUNCATE ON reconciliation_pair FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS reconciliation_pair_frozen_columns ON reconciliation_pair
--;
CREATE TRIGGER reconciliation_pair_frozen_columns BEFORE UPDATE ON reconciliation_pair FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.reconciliation_id IS DISTINCT FROM NEW.reconciliation_id OR OLD.our_reference IS DISTINCT FROM NEW.our_reference OR OLD.our_day IS DISTINCT FROM NEW.our_day OR OLD.their_reference IS DISTINCT FROM NEW.their_reference OR OLD.their_day IS DISTINCT FROM NEW.their_day OR OLD.amount_fen IS DISTINCT FROM NEW.amount_fen) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS reconciliation_pair_status_steps ON reconciliation_pair
--;
CREATE TRIGGER reconciliation_pair_status_steps BEFORE UPDATE ON reconciliation_pair FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('proposed>confirmed', 'proposed>rejected')) EXECUTE FUNCTION refuse_change('允许的步骤：proposed→confirmed、proposed→rejected')
--;
DROP TRIGGER IF EXISTS reconciliation_difference_keep_rows ON reconciliation_difference
--;
CREATE TRIGGER reconciliation_difference_keep_rows BEFORE DELETE OR TRUNCATE ON reconciliation_difference FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS reconciliation_difference_frozen_columns ON reconciliation_difference
--;
CREATE TRIGGER reconciliation_difference_frozen_columns BEFORE UPDATE ON reconciliation_difference FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.reconciliation_id IS DISTINCT FROM NEW.reconciliation_id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.month IS DISTINCT FROM NEW.month OR OLD.side IS DISTINCT FROM NEW.side OR OLD.key IS DISTINCT FROM NEW.key OR OLD.text IS DISTINCT FROM NEW.text OR OLD.text_en IS DISTINCT FROM NEW.text_en OR OLD.booked_fen IS DISTINCT FROM NEW.booked_fen OR OLD.found_fen IS DISTINCT FROM NEW.found_fen OR OLD.found_at IS DISTINCT FROM NEW.found_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS reconciliation_difference_set_once ON reconciliation_difference
--;
CREATE TRIGGER reconciliation_difference_set_once BEFORE UPDATE ON reconciliation_difference FOR EACH ROW WHEN ((OLD.settled_by IS NOT NULL AND OLD.settled_by IS DISTINCT FROM NEW.settled_by) OR (OLD.settled_at IS NOT NULL AND OLD.settled_at IS DISTINCT FROM NEW.settled_at) OR (OLD.case_id IS NOT NULL AND OLD.case_id IS DISTINCT FROM NEW.case_id)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS reconciliation_difference_status_steps ON reconciliation_difference
--;
CREATE TRIGGER reconciliation_difference_status_steps BEFORE UPDATE ON reconciliation_difference FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>settled')) EXECUTE FUNCTION refuse_change('允许的步骤：open→settled')
--;
DROP TRIGGER IF EXISTS data_change_keep_rows ON data_change
--;
CREATE TRIGGER data_change_keep_rows BEFORE DELETE OR TRUNCATE ON data_change FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS data_change_frozen_columns ON data_change
--;
CREATE TRIGGER data_change_frozen_columns BEFORE UPDATE ON data_change FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.record IS DISTINCT FROM NEW.record OR OLD.record_id IS DISTINCT FROM NEW.record_id OR OLD.field IS DISTINCT FROM NEW.field OR OLD.subject IS DISTINCT FROM NEW.subject OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.before IS DISTINCT FROM NEW.before OR OLD.after IS DISTINCT FROM NEW.after OR OLD.is_key IS DISTINCT FROM NEW.is_key OR OLD.reason IS DISTINCT FROM NEW.reason OR OLD.evidence IS DISTINCT FROM NEW.evidence OR OLD.recheck_case_id IS DISTINCT FROM NEW.recheck_case_id OR OLD.requested_by IS DISTINCT FROM NEW.requested_by OR OLD.requested_at IS DISTINCT FROM NEW.requested_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS data_change_set_once ON data_change
--;
CREATE TRIGGER data_change_set_once BEFORE UPDATE ON data_change FOR EACH ROW WHEN ((OLD.after_cipher IS NOT NULL AND OLD.after_cipher IS DISTINCT FROM NEW.after_cipher) OR (OLD.decided_by IS NOT NULL AND OLD.decided_by IS DISTINCT FROM NEW.decided_by) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS data_change_status_steps ON data_change
--;
CREATE TRIGGER data_change_status_steps BEFORE UPDATE ON data_change FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('requested>applied', 'requested>rejected', 'requested>withdrawn')) EXECUTE FUNCTION refuse_change('允许的步骤：requested→applied、requested→rejected、requested→withdrawn')
--;
DROP TRIGGER IF EXISTS dishonesty_listing_keep_rows ON dishonesty_listing
--;
CREATE TRIGGER dishonesty_listing_keep_rows BEFORE DELETE OR TRUNCATE ON dishonesty_listing FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS dishonesty_listing_frozen_columns ON dishonesty_listing
--;
CREATE TRIGGER dishonesty_listing_frozen_columns BEFORE UPDATE ON dishonesty_listing FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.subject_kind IS DISTINCT FROM NEW.subject_kind OR OLD.subject_id IS DISTINCT FROM NEW.subject_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.rule IS DISTINCT FROM NEW.rule OR OLD.ground IS DISTINCT FROM NEW.ground OR OLD.overpayment_id IS DISTINCT FROM NEW.overpayment_id OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR OLD.decided_by IS DISTINCT FROM NEW.decided_by OR OLD.decided_on IS DISTINCT FROM NEW.decided_on OR OLD.publish_until IS DISTINCT FROM NEW.publish_until OR OLD.referred_to IS DISTINCT FROM NEW.referred_to OR OLD.referred_on IS DISTINCT FROM NEW.referred_on) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS dishonesty_listing_set_once ON dishonesty_listing
--;
CREATE TRIGGER dishonesty_listing_set_once BEFORE UPDATE ON dishonesty_listing FOR EACH ROW WHEN ((OLD.removed_on IS NOT NULL AND OLD.removed_on IS DISTINCT FROM NEW.removed_on) OR (OLD.removed_by IS NOT NULL AND OLD.removed_by IS DISTINCT FROM NEW.removed_by) OR (OLD.removed_why IS NOT NULL AND OLD.removed_why IS DISTINCT FROM NEW.removed_why)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS dishonesty_listing_status_steps ON dishonesty_listing
--;
CREATE TRIGGER dishonesty_listing_status_steps BEFORE UPDATE ON dishonesty_listing FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('listed>removed')) EXECUTE FUNCTION refuse_change('允许的步骤：listed→removed')
--;
CREATE OR REPLACE FUNCTION require_listing_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM workflow_case c WHERE c.id = NEW.case_id AND c.process_id = 'listing'
    AND c.subject = NEW.subject_kind || ':' || NEW.subject_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'dishonesty_listing',
      CONSTRAINT = 'listed_by_decision',
      MESSAGE = '没有经过列入决定的案件，不能列入失信名单（案件 ' || NEW.case_id || '）';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS dishonesty_listing_decided ON dishonesty_listing
--;
CREATE TRIGGER dishonesty_listing_decided BEFORE INSERT ON dishonesty_listing FOR EACH ROW EXECUTE FUNCTION require_listing_case()
--;
DROP TRIGGER IF EXISTS fund_incident_keep_rows ON fund_incident
--;
CREATE TRIGGER fund_incident_keep_rows BEFORE DELETE OR TRUNCATE ON fund_incident FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS fund_incident_frozen_columns ON fund_incident
--;
CREATE TRIGGER fund_incident_frozen_columns BEFORE UPDATE ON fund_incident FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.found_on IS DISTINCT FROM NEW.found_on OR OLD.found_by IS DISTINCT FROM NEW.found_by OR OLD.title IS DISTINCT FROM NEW.title OR OLD.account IS DISTINCT FROM NEW.account OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.written_by IS DISTINCT FROM NEW.written_by OR OLD.written_at IS DISTINCT FROM NEW.written_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS fund_incident_set_once ON fund_incident
--;
CREATE TRIGGER fund_incident_set_once BEFORE UPDATE ON fund_incident FOR EACH ROW WHEN ((OLD.signed_by IS NOT NULL AND OLD.signed_by IS DISTINCT FROM NEW.signed_by) OR (OLD.reported_at IS NOT NULL AND OLD.reported_at IS DISTINCT FROM NEW.reported_at) OR (OLD.closed_by IS NOT NULL AND OLD.closed_by IS DISTINCT FROM NEW.closed_by) OR (OLD.closed_at IS NOT NULL AND OLD.closed_at IS DISTINCT FROM NEW.closed_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS fund_incident_status_steps ON fund_incident
--;
CREATE TRIGGER fund_incident_status_steps BEFORE UPDATE ON fund_incident FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('draft>reported', 'reported>closed')) EXECUTE FUNCTION refuse_change('允许的步骤：draft→reported、reported→closed')
--;
DROP TRIGGER IF EXISTS incident_follow_up_insert_only ON incident_follow_up
--;
CREATE TRIGGER incident_follow_up_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON incident_follow_up FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS suspicion_list_insert_only ON suspicion_list
--;
CREATE TRIGGER suspicion_list_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON suspicion_list FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS suspicion_line_keep_rows ON suspicion_line
--;
CREATE TRIGGER suspicion_line_keep_rows BEFORE DELETE OR TRUNCATE ON suspicion_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS suspicion_line_frozen_columns ON suspicion_line
--;
CREATE TRIGGER suspicion_line_frozen_columns BEFORE UPDATE ON suspicion_line FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.list_id IS DISTINCT FROM NEW.list_id OR OLD.line_no IS DISTINCT FROM NEW.line_no OR OLD.person_index IS DISTINCT FROM NEW.person_index OR OLD.person_label IS DISTINCT FROM NEW.person_label OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.grant_id IS DISTINCT FROM NEW.grant_id OR OLD.claim_text IS DISTINCT FROM NEW.claim_text) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS suspicion_line_set_once ON suspicion_line
--;
CREATE TRIGGER suspicion_line_set_once BEFORE UPDATE ON suspicion_line FOR EACH ROW WHEN ((OLD.answered_at IS NOT NULL AND OLD.answered_at IS DISTINCT FROM NEW.answered_at) OR (OLD.answered_by IS NOT NULL AND OLD.answered_by IS DISTINCT FROM NEW.answered_by)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS suspicion_line_finding_steps ON suspicion_line
--;
CREATE TRIGGER suspicion_line_finding_steps BEFORE UPDATE ON suspicion_line FOR EACH ROW WHEN (OLD.finding IS DISTINCT FROM NEW.finding AND (OLD.finding || '>' || NEW.finding) NOT IN ('>true', '>false', '>not_ours', '>settled')) EXECUTE FUNCTION refuse_change('允许的步骤：→true、→false、→not_ours、→settled')
--;
DROP TRIGGER IF EXISTS risk_rule_keep_rows ON risk_rule
--;
CREATE TRIGGER risk_rule_keep_rows BEFORE DELETE OR TRUNCATE ON risk_rule FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS risk_rule_frozen_columns ON risk_rule
--;
CREATE TRIGGER risk_rule_frozen_columns BEFORE UPDATE ON risk_rule FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.rule IS DISTINCT FROM NEW.rule OR OLD.version IS DISTINCT FROM NEW.version OR OLD.name IS DISTINCT FROM NEW.name OR OLD.english IS DISTINCT FROM NEW.english OR OLD.level IS DISTINCT FROM NEW.level OR OLD.condition IS DISTINCT FROM NEW.condition OR OLD.says IS DISTINCT FROM NEW.says OR OLD.source IS DISTINCT FROM NEW.source OR OLD.verified IS DISTINCT FROM NEW.verified OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.written_by IS DISTINCT FROM NEW.written_by OR OLD.written_at IS DISTINCT FROM NEW.written_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS risk_rule_set_once ON risk_rule
--;
CREATE TRIGGER risk_rule_set_once BEFORE UPDATE ON risk_rule FOR EACH ROW WHEN ((OLD.approved_by IS NOT NULL AND OLD.approved_by IS DISTINCT FROM NEW.approved_by) OR (OLD.approved_at IS NOT NULL AND OLD.approved_at IS DISTINCT FROM NEW.approved_at) OR (OLD.retired_by IS NOT NULL AND OLD.retired_by IS DISTINCT FROM NEW.retired_by) OR (OLD.retired_at IS NOT NULL AND OLD.retired_at IS DISTINCT FROM NEW.retired_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS risk_rule_status_steps ON risk_rule
--;
CREATE TRIGGER risk_rule_status_steps BEFORE UPDATE ON risk_rule FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('draft>trial', 'trial>live', 'live>retired', 'draft>retired', 'trial>retired')) EXECUTE FUNCTION refuse_change('允许的步骤：draft→trial、trial→live、live→retired、draft→retired、trial→retired')
--;
DROP TRIGGER IF EXISTS risk_round_keep_rows ON risk_round
--;
CREATE TRIGGER risk_round_keep_rows BEFORE DELETE OR TRUNCATE ON risk_round FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS risk_flag_keep_rows ON risk_flag
--;
CREATE TRIGGER risk_flag_keep_rows BEFORE DELETE OR TRUNCATE ON risk_flag FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS risk_flag_frozen_columns ON risk_flag
--;
CREATE TRIGGER risk_flag_frozen_columns BEFORE UPDATE ON risk_flag FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.round_id IS DISTINCT FROM NEW.round_id OR OLD.rule_id IS DISTINCT FROM NEW.rule_id OR OLD.rule IS DISTINCT FROM NEW.rule OR OLD.level IS DISTINCT FROM NEW.level OR OLD.grant_id IS DISTINCT FROM NEW.grant_id OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.facts IS DISTINCT FROM NEW.facts OR OLD.evidence IS DISTINCT FROM NEW.evidence OR OLD.found_at IS DISTINCT FROM NEW.found_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS risk_flag_set_once ON risk_flag
--;
CREATE TRIGGER risk_flag_set_once BEFORE UPDATE ON risk_flag FOR EACH ROW WHEN ((OLD.case_id IS NOT NULL AND OLD.case_id IS DISTINCT FROM NEW.case_id) OR (OLD.judged_by IS NOT NULL AND OLD.judged_by IS DISTINCT FROM NEW.judged_by) OR (OLD.judged_at IS NOT NULL AND OLD.judged_at IS DISTINCT FROM NEW.judged_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS risk_flag_status_steps ON risk_flag
--;
CREATE TRIGGER risk_flag_status_steps BEFORE UPDATE ON risk_flag FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>accepted', 'open>dismissed')) EXECUTE FUNCTION refuse_change('允许的步骤：open→accepted、open→dismissed')
--;
DROP TRIGGER IF EXISTS sample_draw_keep_rows ON sample_draw
--;
CREATE TRIGGER sample_draw_keep_rows BEFORE DELETE OR TRUNCATE ON sample_draw FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS sample_draw_frozen_columns ON sample_draw
--;
CREATE TRIGGER sample_draw_frozen_columns BEFORE UPDATE ON sample_draw FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.of IS DISTINCT FROM NEW.of OR OLD.region IS DISTINCT FROM NEW.region OR OLD.month IS DISTINCT FROM NEW.month OR OLD.rate IS DISTINCT FROM NEW.rate OR OLD.reasons IS DISTINCT FROM NEW.reasons OR OLD.strata IS DISTINCT FROM NEW.strata OR OLD.seed IS DISTINCT FROM NEW.seed OR OLD.population IS DISTINCT FROM NEW.population OR OLD.drawn IS DISTINCT FROM NEW.drawn OR OLD.high_risk IS DISTINCT FROM NEW.high_risk OR OLD.drawn_by IS DISTINCT FROM NEW.drawn_by OR OLD.drawn_at IS DISTINCT FROM NEW.drawn_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS sample_item_keep_rows ON sample_item
--;
CREATE TRIGGER sample_item_keep_rows BEFORE DELETE OR TRUNCATE ON sample_item FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS sample_item_frozen_columns ON sample_item
--;
CREATE TRIGGER sample_item_frozen_columns BEFORE UPDATE ON sample_item FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.draw_id IS DISTINCT FROM NEW.draw_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.of_case_id IS DISTINCT FROM NEW.of_case_id OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.subject IS DISTINCT FROM NEW.subject OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.stratum IS DISTINCT FROM NEW.stratum OR OLD.high_risk IS DISTINCT FROM NEW.high_risk) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS sample_item_set_once ON sample_item
--;
CREATE TRIGGER sample_item_set_once BEFORE UPDATE ON sample_item FOR EACH ROW WHEN ((OLD.case_id IS NOT NULL AND OLD.case_id IS DISTINCT FROM NEW.case_id) OR (OLD.judged_by IS NOT NULL AND OLD.judged_by IS DISTINCT FROM NEW.judged_by) OR (OLD.judged_at IS NOT NULL AND OLD.judged_at IS DISTINCT FROM NEW.judged_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS sample_item_status_steps ON sample_item
--;
CREATE TRIGGER sample_item_status_steps BEFORE UPDATE ON sample_item FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>right', 'open>wrong')) EXECUTE FUNCTION refuse_change('允许的步骤：open→right、open→wrong')
--;
CREATE OR REPLACE FUNCTION guard_sample_judge() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM workflow_history h
    WHERE h.case_id = COALESCE(NEW.of_case_id, (SELECT o.case_id FROM payment_order o WHERE o.id = NEW.order_id))
      AND h.kind IN ('completed', 'signed', 'assisted')
      AND (h.actor = NEW.judged_by OR h.on_behalf_of = NEW.judged_by);
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'sample_item', CONSTRAINT = 'judged_by_another',
      MESSAGE = '经办过该案件的人不得复查（抽检 ' || NEW.draw_id || ' 第 ' || NEW.number || ' 项）';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS sample_item_judge ON sample_item
--;
CREATE TRIGGER sample_item_judge BEFORE INSERT OR UPDATE ON sample_item FOR EACH ROW WHEN (NEW.judged_by IS NOT NULL) EXECUTE FUNCTION guard_sample_judge()
--;
CREATE OR REPLACE FUNCTION require_loading_import() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT file_id FROM added) a
               JOIN import_file f ON f.id = a.file_id WHERE f.status <> 'loading') THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'loading_import',
      MESSAGE = '表 ' || TG_TABLE_NAME || ' 只在整份文件装载时写入，由上传人以外的人装载';
  END IF;
  RETURN NULL;
END $$
--;
DROP TRIGGER IF EXISTS imported_contribution_loading ON imported_contribution
--;
CREATE TRIGGER imported_contribution_loading AFTER INSERT ON imported_contribution REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_loading_import()
--;
DROP TRIGGER IF EXISTS imported_grant_loading ON imported_grant
--;
CREATE TRIGGER imported_grant_loading AFTER INSERT ON imported_grant REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_loading_import()
--;
DROP TRIGGER IF EXISTS imported_payment_loading ON imported_payment
--;
CREATE TRIGGER imported_payment_loading AFTER INSERT ON imported_payment REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_loading_import()
--;
DROP TRIGGER IF EXISTS imported_exit_loading ON imported_exit
--;
CREATE TRIGGER imported_exit_loading AFTER INSERT ON imported_exit REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION require_loading_import()
--;
DROP TRIGGER IF EXISTS imported_contribution_insert_only ON imported_contribution
--;
CREATE TRIGGER imported_contribution_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON imported_contribution FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS imported_grant_insert_only ON imported_grant
--;
CREATE TRIGGER imported_grant_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON imported_grant FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS imported_payment_insert_only ON imported_payment
--;
CREATE TRIGGER imported_payment_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON imported_payment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS imported_exit_insert_only ON imported_exit
--;
CREATE TRIGGER imported_exit_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON imported_exit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
