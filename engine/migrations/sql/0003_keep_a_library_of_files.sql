CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
    MESSAGE = '表 ' || TG_TABLE_NAME || ' 的记录不能' ||
      CASE TG_OP WHEN 'UPDATE' THEN '修改' WHEN 'DELETE' THEN '删除' ELSE '清空' END ||
      COALESCE('（' || TG_ARGV[0] || '）', '（只增不改）'),
    HINT = 'insert-only: correct it by a new record';
END $$
--;
DROP TRIGGER IF EXISTS library_file_insert_only ON library_file
--;
CREATE TRIGGER library_file_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON library_file FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS change_hand_insert_only ON change_hand
--;
CREATE TRIGGER change_hand_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON change_hand FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS change_keep_rows ON change
--;
CREATE TRIGGER change_keep_rows BEFORE DELETE OR TRUNCATE ON change FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS change_frozen_columns ON change
--;
CREATE TRIGGER change_frozen_columns BEFORE UPDATE ON change FOR EACH ROW WHEN (OLD.kind IS DISTINCT FROM NEW.kind OR OLD.target IS DISTINCT FROM NEW.target OR OLD.author IS DISTINCT FROM NEW.author OR OLD.opened_at IS DISTINCT FROM NEW.opened_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS change_status_steps ON change
--;
CREATE TRIGGER change_status_steps BEFORE UPDATE ON change FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>submitted', 'open>withdrawn', 'submitted>open', 'submitted>withdrawn', 'submitted>rejected', 'submitted>published', 'rejected>open', 'rejected>withdrawn')) EXECUTE FUNCTION refuse_change('允许的步骤：open→submitted、open→withdrawn、submitted→open、submitted→withdrawn、submitted→rejected、submitted→published、rejected→open、rejected→withdrawn')
--;
CREATE OR REPLACE FUNCTION change_needs_second_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.decided_by IS NULL OR NEW.decided_by = NEW.author OR EXISTS (
    SELECT 1 FROM change_hand hand WHERE hand.change_id = NEW.id AND hand.actor = NEW.decided_by) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '变更单须由没有参与修改的第二人发布（四眼）', HINT = 'four eyes';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS change_second_person ON change
--;
CREATE TRIGGER change_second_person BEFORE UPDATE ON change FOR EACH ROW WHEN (NEW.status = 'published' AND OLD.status <> 'published') EXECUTE FUNCTION change_needs_second_person()
--;
CREATE OR REPLACE FUNCTION change_file_needs_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM change WHERE change.status = 'open'
                 AND change.id = CASE TG_OP WHEN 'DELETE' THEN OLD.change_id ELSE NEW.change_id END) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '变更单不在修改中，其中的文件不能改动', HINT = 'the change is not open';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
--;
DROP TRIGGER IF EXISTS change_file_open_only ON change_file
--;
CREATE TRIGGER change_file_open_only BEFORE INSERT OR UPDATE OR DELETE ON change_file FOR EACH ROW EXECUTE FUNCTION change_file_needs_open()
--;
DROP TRIGGER IF EXISTS move_job_keep_rows ON move_job
--;
CREATE TRIGGER move_job_keep_rows BEFORE DELETE OR TRUNCATE ON move_job FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS move_job_frozen_columns ON move_job
--;
CREATE TRIGGER move_job_frozen_columns BEFORE UPDATE ON move_job FOR EACH ROW WHEN (OLD.process_id IS DISTINCT FROM NEW.process_id OR OLD.from_version_id IS DISTINCT FROM NEW.from_version_id OR OLD.to_version_id IS DISTINCT FROM NEW.to_version_id OR OLD.started_by IS DISTINCT FROM NEW.started_by OR OLD.started_at IS DISTINCT FROM NEW.started_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS move_job_status_steps ON move_job
--;
CREATE TRIGGER move_job_status_steps BEFORE UPDATE ON move_job FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('running>done', 'running>undoing', 'done>undoing', 'undoing>undone')) EXECUTE FUNCTION refuse_change('允许的步骤：running→done、running→undoing、done→undoing、undoing→undone')
--;
DROP TRIGGER IF EXISTS move_item_keep_rows ON move_item
--;
CREATE TRIGGER move_item_keep_rows BEFORE DELETE OR TRUNCATE ON move_item FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS move_item_status_steps ON move_item
--;
CREATE TRIGGER move_item_status_steps BEFORE UPDATE ON move_item FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>moved', 'waiting>notice', 'waiting>cannot', 'waiting>failed', 'waiting>stopped', 'moved>undone', 'moved>kept', 'notice>undone', 'notice>kept')) EXECUTE FUNCTION refuse_change('允许的步骤：waiting→moved、waiting→notice、waiting→cannot、waiting→failed、waiting→stopped、moved→undone、moved→kept、notice→undone、notice→kept')
--;
CREATE OR REPLACE FUNCTION same_case_ban(on_case_id integer, actor_staff_id integer, duty_id text)
RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT concat(c.rule, '：', c.text, '；本案 ', h.element_id, ' 环节已由其以 ', h.duty,
                  ' 岗办理，不能再以 ', duty_id, ' 岗办理；依据：', c.source)
      FROM workflow_history h JOIN same_case_conflict c ON c.duty_a = h.duty AND c.duty_b = duty_id
     WHERE h.case_id = on_case_id AND h.kind = 'completed' AND h.actor = 'staff:' || actor_staff_id
     ORDER BY h.id LIMIT 1
$$
--;
CREATE OR REPLACE FUNCTION guard_history_duty() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    staff integer;
    act_day date := (NEW.at AT TIME ZONE 'Asia/Shanghai')::date;
    place text := concat('案件 ', NEW.case_id, '，环节 ', NEW.element_id);
    ban text;
BEGIN
    IF NEW.actor !~ '^staff:[1-9][0-9]{0,8}$' THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('办理人写法不对：', NEW.actor, '（例：staff 加冒号加编号）');
    END IF;
    staff := substr(NEW.actor, 7)::integer;
    PERFORM pg_advisory_xact_lock(hashtextextended('history/' || NEW.case_id || '/' || staff, 0));
    IF NOT person_may_act(staff, NEW.duty, act_day) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat(NEW.actor, ' 于 ', act_day, ' 未担任「', NEW.duty, '」岗，不得办理（no_post）：', place);
    END IF;
    ban := same_case_ban(NEW.case_id, staff, NEW.duty);
    IF ban IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('同案不相容：', ban, '（', NEW.actor, '，', place, '）');
    END IF;
    IF EXISTS (SELECT 1 FROM workflow_case c JOIN person p ON c.subject = 'person:' || p.id
                 JOIN staff_member s ON s.id_number_index = p.id_number_index
                WHERE c.id = NEW.case_id AND s.id = staff) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('应当回避（own_case）：', NEW.actor, ' 是本案当事人，', place);
    END IF;
    RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS workflow_history_duty ON workflow_history
--;
CREATE TRIGGER workflow_history_duty BEFORE INSERT ON workflow_history
       FOR EACH ROW WHEN (NEW.kind = 'completed' AND NEW.actor !~ '^(person|employer|system):')
       EXECUTE FUNCTION guard_history_duty()
--;
CREATE OR REPLACE FUNCTION guard_post() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    clash record;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
            MESSAGE = concat('岗位记录不得删除：请填写结束日期（post ', OLD.id, '）');
    END IF;
    IF TG_OP = 'UPDATE' AND (NEW.id, NEW.staff_id, NEW.duty, NEW.region_code, NEW.valid_from, NEW.assigned_by)
            IS DISTINCT FROM (OLD.id, OLD.staff_id, OLD.duty, OLD.region_code, OLD.valid_from, OLD.assigned_by) THEN
        RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
            MESSAGE = concat('岗位记录只能修改结束日期（post ', OLD.id, '）');
    END IF;
    UPDATE staff_member SET post_revision = post_revision + 1 WHERE id = NEW.staff_id;
    IF NOT EXISTS (SELECT 1 FROM duty WHERE id = NEW.duty AND staff) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('「', NEW.duty, '」不是工作人员岗位，不能任命');
    END IF;
    SELECT c.rule, c.text, c.source, p.duty INTO clash
      FROM post p JOIN duty_conflict c ON c.duty_a = p.duty AND c.duty_b = NEW.duty
     WHERE p.staff_id = NEW.staff_id AND p.id <> NEW.id
       AND daterange(p.valid_from, p.valid_until) && daterange(NEW.valid_from, NEW.valid_until)
     ORDER BY p.id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('不相容岗位（', clash.rule, '）：', clash.text, '；已任 ', clash.duty,
                             '，不能再任 ', NEW.duty, '；依据：', clash.source);
    END IF;
    RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS post_guard ON post
--;
CREATE TRIGGER post_guard BEFORE INSERT OR UPDATE OR DELETE ON post
       FOR EACH ROW EXECUTE FUNCTION guard_post()
--;
CREATE OR REPLACE FUNCTION person_may_act(actor_staff_id integer, duty_id text, act_day date)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT 1 FROM post p JOIN staff_member s ON s.id = p.staff_id
         WHERE s.id = actor_staff_id AND s.active AND p.duty = duty_id
           AND daterange(p.valid_from, p.valid_until) @> act_day)
$$
--;
DROP TRIGGER IF EXISTS account_insert_only ON account
--;
CREATE TRIGGER account_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON account FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS payment_purpose_insert_only ON payment_purpose
--;
CREATE TRIGGER payment_purpose_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_purpose FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS journal_entry_insert_only ON journal_entry
--;
CREATE TRIGGER journal_entry_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS posting_insert_only ON posting
--;
CREATE TRIGGER posting_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON posting FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
CREATE OR REPLACE FUNCTION require_balance() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  entry bigint := (to_jsonb(NEW) ->> TG_ARGV[0])::bigint;
  expected integer;
  found integer;
  debit numeric;
  credit numeric;
BEGIN
  SELECT line_count INTO expected FROM journal_entry WHERE id = entry;
  SELECT count(*), COALESCE(sum(debit_fen), 0), COALESCE(sum(credit_fen), 0)
    INTO found, debit, credit FROM posting WHERE entry_id = entry;
  IF found <> expected OR debit <> credit THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'journal_entry', CONSTRAINT = 'entry_balances',
      MESSAGE = '凭证 ' || entry || ' 不平：借 ' || debit || ' 分，贷 ' || credit || ' 分，应有 ' || expected
        || ' 笔分录，现有 ' || found;
  END IF;
  RETURN NULL;
END $$
--;
DROP TRIGGER IF EXISTS journal_entry_balances ON journal_entry
--;
CREATE CONSTRAINT TRIGGER journal_entry_balances AFTER INSERT ON journal_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balance('id')
--;
DROP TRIGGER IF EXISTS posting_balances ON posting
--;
CREATE CONSTRAINT TRIGGER posting_balances AFTER INSERT ON posting DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_balance('entry_id')
--;
DROP TRIGGER IF EXISTS account_correction_insert_only ON account_correction
--;
CREATE TRIGGER account_correction_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON account_correction FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS bank_receipt_insert_only ON bank_receipt
--;
CREATE TRIGGER bank_receipt_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_receipt FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS payment_order_keep_rows ON payment_order
--;
CREATE TRIGGER payment_order_keep_rows BEFORE DELETE OR TRUNCATE ON payment_order FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS payment_order_frozen_columns ON payment_order
--;
CREATE TRIGGER payment_order_frozen_columns BEFORE UPDATE ON payment_order FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.key IS DISTINCT FROM NEW.key OR OLD.payee_kind IS DISTINCT FROM NEW.payee_kind OR OLD.payee_id IS DISTINCT FROM NEW.payee_id OR OLD.payee_name IS DISTINCT FROM NEW.payee_name OR OLD.account IS DISTINCT FROM NEW.account OR OLD.account_index IS DISTINCT FROM NEW.account_index OR OLD.account_name IS DISTINCT FROM NEW.account_name OR OLD.amount_fen IS DISTINCT FROM NEW.amount_fen OR OLD.purpose IS DISTINCT FROM NEW.purpose OR OLD.month IS DISTINCT FROM NEW.month OR OLD.region IS DISTINCT FROM NEW.region OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.created_by IS DISTINCT FROM NEW.created_by OR OLD.created_at IS DISTINCT FROM NEW.created_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS payment_order_status_steps ON payment_order
--;
CREATE TRIGGER payment_order_status_steps BEFORE UPDATE ON payment_order FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('ordered>batched', 'batched>sent', 'batched>ordered', 'sent>paid', 'sent>returned', 'returned>ordered', 'returned>held', 'ordered>held', 'held>ordered', 'ordered>cancelled')) EXECUTE FUNCTION refuse_change('允许的步骤：ordered→batched、batched→sent、batched→ordered、sent→paid、sent→returned、returned→ordered、returned→held、ordered→held、held→ordered、ordered→cancelled')
--;
DROP TRIGGER IF EXISTS payment_batch_keep_rows ON payment_batch
--;
CREATE TRIGGER payment_batch_keep_rows BEFORE DELETE OR TRUNCATE ON payment_batch FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS payment_batch_frozen_columns ON payment_batch
--;
CREATE TRIGGER payment_batch_frozen_columns BEFORE UPDATE ON payment_batch FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.region IS DISTINCT FROM NEW.region OR OLD.line_count IS DISTINCT FROM NEW.line_count OR OLD.total_fen IS DISTINCT FROM NEW.total_fen OR OLD.prepared_by IS DISTINCT FROM NEW.prepared_by OR OLD.prepared_at IS DISTINCT FROM NEW.prepared_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS payment_batch_set_once ON payment_batch
--;
CREATE TRIGGER payment_batch_set_once BEFORE UPDATE ON payment_batch FOR EACH ROW WHEN ((OLD.sampled_by IS NOT NULL AND OLD.sampled_by IS DISTINCT FROM NEW.sampled_by) OR (OLD.sampled_at IS NOT NULL AND OLD.sampled_at IS DISTINCT FROM NEW.sampled_at) OR (OLD.certified_by IS NOT NULL AND OLD.certified_by IS DISTINCT FROM NEW.certified_by) OR (OLD.certified_at IS NOT NULL AND OLD.certified_at IS DISTINCT FROM NEW.certified_at) OR (OLD.released_by IS NOT NULL AND OLD.released_by IS DISTINCT FROM NEW.released_by) OR (OLD.released_at IS NOT NULL AND OLD.released_at IS DISTINCT FROM NEW.released_at) OR (OLD.file_digest IS NOT NULL AND OLD.file_digest IS DISTINCT FROM NEW.file_digest)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS payment_batch_status_steps ON payment_batch
--;
CREATE TRIGGER payment_batch_status_steps BEFORE UPDATE ON payment_batch FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('prepared>sampled', 'sampled>certified', 'certified>released', 'released>answered', 'answered>closed', 'prepared>dissolved', 'sampled>dissolved', 'certified>dissolved')) EXECUTE FUNCTION refuse_change('允许的步骤：prepared→sampled、sampled→certified、certified→released、released→answered、answered→closed、prepared→dissolved、sampled→dissolved、certified→dissolved')
--;
DROP TRIGGER IF EXISTS payment_line_keep_rows ON payment_line
--;
CREATE TRIGGER payment_line_keep_rows BEFORE DELETE OR TRUNCATE ON payment_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS payment_line_frozen_columns ON payment_line
--;
CREATE TRIGGER payment_line_frozen_columns BEFORE UPDATE ON payment_line FOR EACH ROW WHEN (OLD.batch_id IS DISTINCT FROM NEW.batch_id OR OLD.line_no IS DISTINCT FROM NEW.line_no OR OLD.order_id IS DISTINCT FROM NEW.order_id OR OLD.amount_fen IS DISTINCT FROM NEW.amount_fen OR OLD.account IS DISTINCT FROM NEW.account OR OLD.account_index IS DISTINCT FROM NEW.account_index OR OLD.account_name IS DISTINCT FROM NEW.account_name) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS payment_line_status_steps ON payment_line
--;
CREATE TRIGGER payment_line_status_steps BEFORE UPDATE ON payment_line FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>paid', 'waiting>returned')) EXECUTE FUNCTION refuse_change('允许的步骤：waiting→paid、waiting→returned')
--;
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
--;
DROP TRIGGER IF EXISTS payment_batch_totals ON payment_batch
--;
CREATE CONSTRAINT TRIGGER payment_batch_totals AFTER INSERT OR UPDATE ON payment_batch DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_batch_totals()
--;
CREATE OR REPLACE FUNCTION require_order_of_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM payment_order o, payment_batch b
    WHERE o.id = NEW.order_id AND o.status = 'ordered' AND o.amount_fen = NEW.amount_fen
      AND b.id = NEW.batch_id AND b.status = 'prepared' AND NEW.status = 'waiting';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'payment_line', CONSTRAINT = 'line_of_open_order',
      MESSAGE = '批次明细 ' || NEW.batch_id || '/' || NEW.line_no || ' 与支付单 ' || NEW.order_id || ' 的状态或金额不符';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS payment_line_of_order ON payment_line
--;
CREATE TRIGGER payment_line_of_order BEFORE INSERT ON payment_line FOR EACH ROW EXECUTE FUNCTION require_order_of_line()
--;
CREATE OR REPLACE FUNCTION require_paid_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM payment_line WHERE order_id = NEW.id AND status = 'paid';
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'payment_order', CONSTRAINT = 'paid_by_the_bank',
      MESSAGE = '支付单 ' || NEW.id || ' 没有银行付讫的明细，不能记为已付';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS payment_order_paid ON payment_order
--;
CREATE TRIGGER payment_order_paid BEFORE UPDATE ON payment_order FOR EACH ROW WHEN (NEW.status = 'paid' AND OLD.status <> 'paid') EXECUTE FUNCTION require_paid_line()
--;
DROP TRIGGER IF EXISTS access_record_insert_only ON access_record
--;
CREATE TRIGGER access_record_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_record FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS person_keep_rows ON person
--;
CREATE TRIGGER person_keep_rows BEFORE DELETE OR TRUNCATE ON person FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS employer_keep_rows ON employer
--;
CREATE TRIGGER employer_keep_rows BEFORE DELETE OR TRUNCATE ON employer FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS audit_event_insert_only ON audit_event
--;
CREATE TRIGGER audit_event_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS audit_seal_insert_only ON audit_seal
--;
CREATE TRIGGER audit_seal_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS audit_seal_leaf_insert_only ON audit_seal_leaf
--;
CREATE TRIGGER audit_seal_leaf_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal_leaf FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS audit_stream_keep_rows ON audit_stream
--;
CREATE TRIGGER audit_stream_keep_rows BEFORE DELETE OR TRUNCATE ON audit_stream FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS audit_stream_frozen_columns ON audit_stream
--;
CREATE TRIGGER audit_stream_frozen_columns BEFORE UPDATE ON audit_stream FOR EACH ROW WHEN (OLD.stream IS DISTINCT FROM NEW.stream) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS outbox_message_frozen_columns ON outbox_message
--;
CREATE TRIGGER outbox_message_frozen_columns BEFORE UPDATE ON outbox_message FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.key IS DISTINCT FROM NEW.key OR OLD.payload IS DISTINCT FROM NEW.payload OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.created_at IS DISTINCT FROM NEW.created_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS letter_insert_only ON letter
--;
CREATE TRIGGER letter_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON letter FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS unemployment_registration_insert_only ON unemployment_registration
--;
CREATE TRIGGER unemployment_registration_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON unemployment_registration FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS workflow_history_insert_only ON workflow_history
--;
CREATE TRIGGER workflow_history_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON workflow_history FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS process_version_insert_only ON process_version
--;
CREATE TRIGGER process_version_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON process_version FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
