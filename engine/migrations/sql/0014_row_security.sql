CREATE OR REPLACE FUNCTION require_order_not_overpaid() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM overpaid_month m JOIN overpayment o ON o.id = m.overpayment_id
             WHERE m.order_id = NEW.order_id AND o.id <> NEW.overpayment_id AND o.status <> 'dropped') THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'overpaid_month', CONSTRAINT = 'overpaid_once',
      MESSAGE = '支付单 ' || NEW.order_id || ' 已在另一笔多发待遇中追偿';
  END IF;
  RETURN NEW;
END $$
--;
CREATE OR REPLACE FUNCTION require_open_sum() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
DROP TRIGGER IF EXISTS skill_screening_keep_rows ON skill_screening
--;
CREATE TRIGGER skill_screening_keep_rows BEFORE DELETE OR TRUNCATE ON skill_screening FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS skill_screening_frozen_columns ON skill_screening
--;
CREATE TRIGGER skill_screening_frozen_columns BEFORE UPDATE ON skill_screening FOR EACH ROW WHEN (OLD.certificate_id IS DISTINCT FROM NEW.certificate_id) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS skill_subsidy_keep_rows ON skill_subsidy
--;
CREATE TRIGGER skill_subsidy_keep_rows BEFORE DELETE OR TRUNCATE ON skill_subsidy FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS skill_subsidy_frozen_columns ON skill_subsidy
--;
CREATE TRIGGER skill_subsidy_frozen_columns BEFORE UPDATE ON skill_subsidy FOR EACH ROW WHEN (OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.certificate_number IS DISTINCT FROM NEW.certificate_number OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.applied_on IS DISTINCT FROM NEW.applied_on OR OLD.channel IS DISTINCT FROM NEW.channel OR OLD.entered_by IS DISTINCT FROM NEW.entered_by) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS skill_subsidy_set_once ON skill_subsidy
--;
CREATE TRIGGER skill_subsidy_set_once BEFORE UPDATE ON skill_subsidy FOR EACH ROW WHEN ((OLD.amount_fen IS NOT NULL AND OLD.amount_fen IS DISTINCT FROM NEW.amount_fen) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS skill_subsidy_status_steps ON skill_subsidy
--;
CREATE TRIGGER skill_subsidy_status_steps BEFORE UPDATE ON skill_subsidy FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>ordered', 'open>refused', 'open>lapsed')) EXECUTE FUNCTION refuse_change('允许的步骤：open→ordered、open→refused、open→lapsed')
--;
CREATE OR REPLACE FUNCTION require_whole_import() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
CREATE OR REPLACE FUNCTION count_open_tasks_insert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO open_task_delta (scope, duty, element_id, process_id, claimed, due_on, n)
    SELECT left(t.region_code, level.digits), t.duty, t.element_id, c.process_id, t.assignee IS NOT NULL,
           coalesce((t.due_at AT TIME ZONE 'Asia/Shanghai')::date, '9999-12-31'), sum(t.sign)
      FROM (SELECT *, 1 AS sign FROM after_rows) t
      JOIN workflow_case c ON c.id = t.case_id
      JOIN (VALUES (0), (2), (4), (6)) level(digits) ON level.digits <= length(t.region_code)
     WHERE t.status = 'ready'
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(t.sign) <> 0;
    RETURN NULL;
END $$
--;
CREATE OR REPLACE FUNCTION count_open_tasks_update() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO open_task_delta (scope, duty, element_id, process_id, claimed, due_on, n)
    SELECT left(t.region_code, level.digits), t.duty, t.element_id, c.process_id, t.assignee IS NOT NULL,
           coalesce((t.due_at AT TIME ZONE 'Asia/Shanghai')::date, '9999-12-31'), sum(t.sign)
      FROM (SELECT *, 1 AS sign FROM after_rows UNION ALL SELECT *, -1 AS sign FROM before_rows) t
      JOIN workflow_case c ON c.id = t.case_id
      JOIN (VALUES (0), (2), (4), (6)) level(digits) ON level.digits <= length(t.region_code)
     WHERE t.status = 'ready'
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(t.sign) <> 0;
    RETURN NULL;
END $$
--;
CREATE OR REPLACE FUNCTION count_open_tasks_delete() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO open_task_delta (scope, duty, element_id, process_id, claimed, due_on, n)
    SELECT left(t.region_code, level.digits), t.duty, t.element_id, c.process_id, t.assignee IS NOT NULL,
           coalesce((t.due_at AT TIME ZONE 'Asia/Shanghai')::date, '9999-12-31'), sum(t.sign)
      FROM (SELECT *, -1 AS sign FROM before_rows) t
      JOIN workflow_case c ON c.id = t.case_id
      JOIN (VALUES (0), (2), (4), (6)) level(digits) ON level.digits <= length(t.region_code)
     WHERE t.status = 'ready'
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(t.sign) <> 0;
    RETURN NULL;
END $$
--;
CREATE OR REPLACE FUNCTION office_role(word text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT 'changling_' || left(pg_get_userbyid(relowner)::text, 40) || '_' || word
    FROM pg_class WHERE oid = to_regclass('public.person')
$$
--;
DO $$
DECLARE
  word text;
  role text;
  held boolean;
BEGIN
  FOREACH word IN ARRAY ARRAY['reads', 'acts'] LOOP
    role := office_role(word);
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      BEGIN
        EXECUTE 'CREATE ROLE ' || quote_ident(role) || ' NOLOGIN';
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = '数据库用户 ' || current_user || ' 不能创建角色 ' || role || '，行级权限无法建立；请数据库管理员先执行：'
              || 'CREATE ROLE ' || quote_ident(role) || ' NOLOGIN; GRANT ' || quote_ident(role) || ' TO '
              || quote_ident(current_user) || ';',
            HINT = 'the migrating user may not create roles: let an administrator run these two statements first';
      END;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = role AND (rolsuper OR rolbypassrls OR rolcanlogin)) THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_role_specification',
        MESSAGE = '角色 ' || role || ' 可以登录或绕过行级权限，不能使用', HINT = 'the role may log in or bypasses row security';
    END IF;
    IF current_setting('server_version_num')::integer >= 160000 THEN
      held := pg_has_role(current_user, role, 'SET');
    ELSE
      held := pg_has_role(current_user, role, 'MEMBER');
    END IF;
    IF NOT held THEN
      BEGIN
        EXECUTE 'GRANT ' || quote_ident(role) || ' TO ' || quote_ident(current_user);
      EXCEPTION
        WHEN unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = '数据库用户 ' || current_user || ' 不能使用角色 ' || role || '；请数据库管理员先执行：GRANT '
              || quote_ident(role) || ' TO ' || quote_ident(current_user) || ';',
            HINT = 'let an administrator grant the role to the migrating user first';
      END;
    END IF;
  END LOOP;
END $$
--;
CREATE OR REPLACE FUNCTION office_grant(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  reads text := quote_ident(office_role('reads'));
  acts text := quote_ident(office_role('acts'));
  numbers text;
BEGIN
  EXECUTE 'GRANT SELECT ON ' || quote_ident(name) || ' TO ' || reads || ', ' || acts;
  EXECUTE 'GRANT INSERT, UPDATE, DELETE ON ' || quote_ident(name) || ' TO ' || acts;
  FOR numbers IN
    SELECT s.oid::regclass::text FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass(quote_ident(name)) AND d.deptype IN ('a', 'i')
  LOOP
    EXECUTE 'GRANT USAGE ON SEQUENCE ' || numbers || ' TO ' || acts;
  END LOOP;
END $$
--;
CREATE OR REPLACE FUNCTION office_actor() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('changling.actor', true), '')
$$
--;
CREATE OR REPLACE FUNCTION office_own(kind text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN starts_with(office_actor(), kind || ':') THEN split_part(office_actor(), ':', 2)::bigint END
$$
--;
CREATE OR REPLACE FUNCTION office_staff() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT starts_with(office_actor(), 'staff:')
$$
--;
CREATE OR REPLACE FUNCTION office_reach(which text) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('changling.' || which, true), '')::text[]
$$
--;
CREATE OR REPLACE FUNCTION office_personal() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NOT office_staff() OR office_reach('people') IS NOT NULL
$$
--;
CREATE OR REPLACE FUNCTION office_hands() RETURNS SETOF integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT case_id FROM workflow_history WHERE actor = office_actor() AND starts_with(actor, 'staff:')
  UNION SELECT case_id FROM workflow_history WHERE on_behalf_of = office_actor() AND on_behalf_of <> ''
  UNION SELECT case_id FROM workflow_task WHERE assignee = office_actor() AND status = 'ready'
  UNION SELECT case_id FROM workflow_task WHERE owner = office_actor() AND status = 'ready'
  UNION SELECT case_id FROM task_signer
         WHERE signer = office_actor() AND signed_at IS NULL AND ended_at IS NULL
$$
--;
DO $$
BEGIN
  ALTER TABLE workflow_case ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS workflow_case_seen ON workflow_case;
  CREATE POLICY workflow_case_seen ON workflow_case USING (region_code ^@ ANY ((SELECT office_reach('reach'))::text[]) OR subject = (SELECT office_actor()) OR started_by = (SELECT office_actor()) OR id IN (SELECT office_hands()));
  PERFORM office_grant('workflow_case');
END $$
--;
DO $$
BEGIN
  ALTER TABLE workflow_task ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS workflow_task_seen ON workflow_task;
  CREATE POLICY workflow_task_seen ON workflow_task USING (region_code ^@ ANY ((SELECT office_reach('reach'))::text[]) OR assignee = (SELECT office_actor()) OR completed_by = (SELECT office_actor()) OR EXISTS (SELECT FROM workflow_case seen WHERE seen.id = workflow_task.case_id));
  PERFORM office_grant('workflow_task');
END $$
--;
DO $$
BEGIN
  ALTER TABLE workflow_history ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS workflow_history_seen ON workflow_history;
  CREATE POLICY workflow_history_seen ON workflow_history USING ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = workflow_history.case_id));
  PERFORM office_grant('workflow_history');
END $$
--;
DO $$
BEGIN
  ALTER TABLE workflow_incident ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS workflow_incident_seen ON workflow_incident;
  CREATE POLICY workflow_incident_seen ON workflow_incident USING ((SELECT office_staff()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = workflow_incident.case_id));
  PERFORM office_grant('workflow_incident');
END $$
--;
DO $$
BEGIN
  ALTER TABLE workflow_timer ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS workflow_timer_seen ON workflow_timer;
  CREATE POLICY workflow_timer_seen ON workflow_timer USING (EXISTS (SELECT FROM workflow_case seen WHERE seen.id = workflow_timer.case_id));
  PERFORM office_grant('workflow_timer');
END $$
--;
DO $$
BEGIN
  ALTER TABLE workflow_subscription ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS workflow_subscription_seen ON workflow_subscription;
  CREATE POLICY workflow_subscription_seen ON workflow_subscription USING (EXISTS (SELECT FROM workflow_case seen WHERE seen.id = workflow_subscription.case_id));
  PERFORM office_grant('workflow_subscription');
END $$
--;
DO $$
BEGIN
  ALTER TABLE task_signer ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS task_signer_seen ON task_signer;
  CREATE POLICY task_signer_seen ON task_signer USING (signer = (SELECT office_actor()) OR EXISTS (SELECT FROM workflow_case seen WHERE seen.id = task_signer.case_id));
  PERFORM office_grant('task_signer');
END $$
--;
DO $$
BEGIN
  ALTER TABLE held_completion ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS held_completion_seen ON held_completion;
  CREATE POLICY held_completion_seen ON held_completion USING (actor = (SELECT office_actor()) OR EXISTS (SELECT FROM workflow_task seen WHERE seen.id = held_completion.task_id));
  PERFORM office_grant('held_completion');
END $$
--;
DO $$
BEGIN
  ALTER TABLE task_urge ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS task_urge_seen ON task_urge;
  CREATE POLICY task_urge_seen ON task_urge USING (EXISTS (SELECT FROM workflow_task seen WHERE seen.id = task_urge.task_id));
  PERFORM office_grant('task_urge');
END $$
--;
DO $$
BEGIN
  ALTER TABLE case_copy ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS case_copy_seen ON case_copy;
  CREATE POLICY case_copy_seen ON case_copy USING (reader = (SELECT office_actor()) OR EXISTS (SELECT FROM workflow_case seen WHERE seen.id = case_copy.case_id));
  PERFORM office_grant('case_copy');
END $$
--;
DO $$
BEGIN
  ALTER TABLE limit_pause ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS limit_pause_seen ON limit_pause;
  CREATE POLICY limit_pause_seen ON limit_pause USING (EXISTS (SELECT FROM workflow_case seen WHERE seen.id = limit_pause.case_id));
  PERFORM office_grant('limit_pause');
END $$
--;
DO $$
BEGIN
  ALTER TABLE limit_breach ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS limit_breach_seen ON limit_breach;
  CREATE POLICY limit_breach_seen ON limit_breach USING ((SELECT office_staff()) AND (region_code ^@ ANY ((SELECT office_reach('reach'))::text[]) OR EXISTS (SELECT FROM workflow_case seen WHERE seen.id = limit_breach.case_id)));
  PERFORM office_grant('limit_breach');
END $$
--;
DO $$
BEGIN
  ALTER TABLE limit_reminder ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS limit_reminder_seen ON limit_reminder;
  CREATE POLICY limit_reminder_seen ON limit_reminder USING (EXISTS (SELECT FROM workflow_task seen WHERE seen.id = limit_reminder.task_id));
  PERFORM office_grant('limit_reminder');
END $$
--;
DO $$
BEGIN
  ALTER TABLE attachment ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS attachment_seen ON attachment;
  CREATE POLICY attachment_seen ON attachment USING ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = attachment.case_id) AND ((SELECT office_staff()) OR added_by = (SELECT office_actor())));
  PERFORM office_grant('attachment');
END $$
--;
DO $$
BEGIN
  ALTER TABLE letter ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS letter_seen ON letter;
  CREATE POLICY letter_seen ON letter USING (recipient = (SELECT office_actor()) OR (recipient = 'public:0' AND (SELECT office_actor()) IS NOT NULL) OR ((SELECT office_staff()) AND (SELECT office_personal()) AND (EXISTS (SELECT FROM workflow_case seen WHERE seen.id = letter.case_id) OR EXISTS (SELECT FROM escalation_paper seen WHERE seen.letter_id = letter.id) OR (case_id IS NULL AND recipient ^@ 'office:' AND split_part(recipient, ':', 2) ^@ ANY ((SELECT office_reach('reach'))::text[])) OR (case_id IS NULL AND EXISTS (SELECT FROM person seen WHERE seen.id = CASE WHEN letter.recipient ^@ 'person:' THEN split_part(letter.recipient, ':', 2)::integer END)))));
  PERFORM office_grant('letter');
END $$
--;
DO $$
BEGIN
  ALTER TABLE rectification_item ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS rectification_item_seen ON rectification_item;
  CREATE POLICY rectification_item_seen ON rectification_item USING ((SELECT office_staff()) AND (region_code ^@ ANY ((SELECT office_reach('reach'))::text[]) OR EXISTS (SELECT FROM workflow_case seen WHERE seen.id = rectification_item.case_id)));
  PERFORM office_grant('rectification_item');
END $$
--;
DO $$
BEGIN
  ALTER TABLE item_case ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS item_case_seen ON item_case;
  CREATE POLICY item_case_seen ON item_case USING (EXISTS (SELECT FROM rectification_item seen WHERE seen.id = item_case.item_id));
  PERFORM office_grant('item_case');
END $$
--;
DO $$
BEGIN
  ALTER TABLE escalation ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS escalation_seen ON escalation;
  CREATE POLICY escalation_seen ON escalation USING (EXISTS (SELECT FROM rectification_item seen WHERE seen.id = escalation.item_id));
  PERFORM office_grant('escalation');
END $$
--;
DO $$
BEGIN
  ALTER TABLE escalation_paper ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS escalation_paper_seen ON escalation_paper;
  CREATE POLICY escalation_paper_seen ON escalation_paper USING ((SELECT office_staff()) AND (region_code ^@ ANY ((SELECT office_reach('reach'))::text[]) OR stage = 'circular' AND EXISTS (SELECT FROM unnest((SELECT office_reach('reach'))::text[]) own WHERE own ^@ regexp_replace(region_code, '(00){1,2}$', ''))));
  PERFORM office_grant('escalation_paper');
END $$
--;
DO $$
BEGIN
  ALTER TABLE case_avoidance ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS case_avoidance_seen ON case_avoidance;
  CREATE POLICY case_avoidance_seen ON case_avoidance USING ((SELECT office_staff()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = case_avoidance.case_id));
  PERFORM office_grant('case_avoidance');
END $$
--;
DO $$
BEGIN
  ALTER TABLE move_item ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS move_item_seen ON move_item;
  CREATE POLICY move_item_seen ON move_item USING ((SELECT office_staff()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = move_item.case_id));
  PERFORM office_grant('move_item');
END $$
--;
DO $$
BEGIN
  ALTER TABLE person ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS person_seen ON person;
  CREATE POLICY person_seen ON person USING (id = (SELECT office_own('person')) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.subject = 'person:' || person.id)));
  PERFORM office_grant('person');
END $$
--;
DO $$
BEGIN
  ALTER TABLE employer ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS employer_seen ON employer;
  CREATE POLICY employer_seen ON employer USING (id = (SELECT office_own('employer')) OR (SELECT office_staff()));
  PERFORM office_grant('employer');
END $$
--;
DO $$
BEGIN
  ALTER TABLE claim ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS claim_seen ON claim;
  CREATE POLICY claim_seen ON claim USING (person_id = (SELECT office_own('person')) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = claim.case_id)));
  PERFORM office_grant('claim');
END $$
--;
DO $$
BEGIN
  ALTER TABLE benefit_grant ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS benefit_grant_seen ON benefit_grant;
  CREATE POLICY benefit_grant_seen ON benefit_grant USING (person_id = (SELECT office_own('person')) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = benefit_grant.case_id)));
  PERFORM office_grant('benefit_grant');
END $$
--;
DO $$
BEGIN
  ALTER TABLE unemployment_registration ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS unemployment_registration_seen ON unemployment_registration;
  CREATE POLICY unemployment_registration_seen ON unemployment_registration USING (person_id = (SELECT office_own('person')) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = unemployment_registration.case_id)));
  PERFORM office_grant('unemployment_registration');
END $$
--;
DO $$
BEGIN
  ALTER TABLE rights_transfer ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS rights_transfer_seen ON rights_transfer;
  CREATE POLICY rights_transfer_seen ON rights_transfer USING (person_id = (SELECT office_own('person')) OR from_region ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = rights_transfer.case_id)) OR to_region ^@ ANY ((SELECT office_reach('people'))::text[]));
  PERFORM office_grant('rights_transfer');
END $$
--;
DO $$
BEGIN
  ALTER TABLE retention_refund ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS retention_refund_seen ON retention_refund;
  CREATE POLICY retention_refund_seen ON retention_refund USING (employer_id = (SELECT office_own('employer')) OR ((SELECT office_staff()) AND (region ^@ ANY ((SELECT office_reach('reach'))::text[]) OR EXISTS (SELECT FROM workflow_case seen WHERE seen.id = retention_refund.case_id))));
  PERFORM office_grant('retention_refund');
END $$
--;
DO $$
BEGIN
  ALTER TABLE notice_objection ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS notice_objection_seen ON notice_objection;
  CREATE POLICY notice_objection_seen ON notice_objection USING ((SELECT office_staff()) AND EXISTS (SELECT FROM retention_refund seen WHERE seen.id = notice_objection.refund_id));
  PERFORM office_grant('notice_objection');
END $$
--;
DO $$
BEGIN
  ALTER TABLE refund_repayment ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS refund_repayment_seen ON refund_repayment;
  CREATE POLICY refund_repayment_seen ON refund_repayment USING (EXISTS (SELECT FROM retention_refund seen WHERE seen.id = refund_repayment.refund_id));
  PERFORM office_grant('refund_repayment');
END $$
--;
DO $$
BEGIN
  ALTER TABLE overpayment ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS overpayment_seen ON overpayment;
  CREATE POLICY overpayment_seen ON overpayment USING (person_id = (SELECT office_own('person')) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = overpayment.case_id)));
  PERFORM office_grant('overpayment');
END $$
--;
DO $$
BEGIN
  ALTER TABLE skill_subsidy ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS skill_subsidy_seen ON skill_subsidy;
  CREATE POLICY skill_subsidy_seen ON skill_subsidy USING (person_id = (SELECT office_own('person')) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = skill_subsidy.case_id)));
  PERFORM office_grant('skill_subsidy');
END $$
--;
DO $$
BEGIN
  ALTER TABLE skill_screening ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS skill_screening_seen ON skill_screening;
  CREATE POLICY skill_screening_seen ON skill_screening USING (person_id = (SELECT office_own('person')) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_staff()) AND (SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = skill_screening.case_id)));
  PERFORM office_grant('skill_screening');
END $$
--;
DO $$
BEGIN
  ALTER TABLE contact_point ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS contact_point_seen ON contact_point;
  CREATE POLICY contact_point_seen ON contact_point USING (owner = (SELECT office_actor()));
  PERFORM office_grant('contact_point');
END $$
--;
DO $$
BEGIN
  ALTER TABLE reduction_report ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS reduction_report_seen ON reduction_report;
  CREATE POLICY reduction_report_seen ON reduction_report USING (employer_id = (SELECT office_own('employer')) OR person_id = (SELECT office_own('person')) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = reduction_report.case_id)));
  PERFORM office_grant('reduction_report');
END $$
--;
DO $$
BEGIN
  ALTER TABLE reduction_correction ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS reduction_correction_seen ON reduction_correction;
  CREATE POLICY reduction_correction_seen ON reduction_correction USING (EXISTS (SELECT FROM reduction_report seen WHERE seen.id = reduction_correction.report_id));
  PERFORM office_grant('reduction_correction');
END $$
--;
DO $$
BEGIN
  ALTER TABLE reduction_objection ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS reduction_objection_seen ON reduction_objection;
  CREATE POLICY reduction_objection_seen ON reduction_objection USING (EXISTS (SELECT FROM reduction_report seen WHERE seen.id = reduction_objection.report_id));
  PERFORM office_grant('reduction_objection');
END $$
--;
DO $$
BEGIN
  ALTER TABLE rating_invitation ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS rating_invitation_seen ON rating_invitation;
  CREATE POLICY rating_invitation_seen ON rating_invitation USING (rater = (SELECT office_actor()) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]));
  PERFORM office_grant('rating_invitation');
END $$
--;
DO $$
BEGIN
  ALTER TABLE service_rating ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS service_rating_seen ON service_rating;
  CREATE POLICY service_rating_seen ON service_rating USING (rater = (SELECT office_actor()) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]));
  PERFORM office_grant('service_rating');
END $$
--;
DO $$
BEGIN
  ALTER TABLE complaint ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS complaint_seen ON complaint;
  CREATE POLICY complaint_seen ON complaint USING (complainant = (SELECT office_actor()) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]));
  PERFORM office_grant('complaint');
END $$
--;
DO $$
BEGIN
  ALTER TABLE death_grant ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS death_grant_seen ON death_grant;
  CREATE POLICY death_grant_seen ON death_grant USING (applicant_id = (SELECT office_own('person')) OR region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_staff()) AND (SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = death_grant.case_id)));
  PERFORM office_grant('death_grant');
END $$
--;
DO $$
BEGIN
  ALTER TABLE exchange_message ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS exchange_message_seen ON exchange_message;
  CREATE POLICY exchange_message_seen ON exchange_message USING ((SELECT office_staff()) OR EXISTS (SELECT FROM rights_transfer seen WHERE seen.transfer_number = exchange_message.transfer_number));
  PERFORM office_grant('exchange_message');
END $$
--;
DO $$
BEGIN
  ALTER TABLE match_hit ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS match_hit_seen ON match_hit;
  CREATE POLICY match_hit_seen ON match_hit USING (region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_staff()) AND (SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = match_hit.case_id)));
  PERFORM office_grant('match_hit');
END $$
--;
DO $$
BEGIN
  ALTER TABLE risk_flag ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS risk_flag_seen ON risk_flag;
  CREATE POLICY risk_flag_seen ON risk_flag USING (region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR ((SELECT office_staff()) AND (SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = risk_flag.case_id)));
  PERFORM office_grant('risk_flag');
END $$
--;
DO $$
BEGIN
  ALTER TABLE suspicion_line ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS suspicion_line_seen ON suspicion_line;
  CREATE POLICY suspicion_line_seen ON suspicion_line USING ((SELECT office_staff()) AND (SELECT office_personal()) AND (EXISTS (SELECT FROM suspicion_list seen WHERE seen.id = suspicion_line.list_id) OR EXISTS (SELECT FROM benefit_grant seen WHERE seen.id = suspicion_line.grant_id) OR EXISTS (SELECT FROM workflow_case seen WHERE seen.id = suspicion_line.case_id)));
  PERFORM office_grant('suspicion_line');
END $$
--;
DO $$
BEGIN
  ALTER TABLE suspicion_list ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS suspicion_list_seen ON suspicion_list;
  CREATE POLICY suspicion_list_seen ON suspicion_list USING (region ^@ ANY ((SELECT office_reach('people'))::text[]));
  PERFORM office_grant('suspicion_list');
END $$
--;
DO $$
BEGIN
  ALTER TABLE dishonesty_listing ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS dishonesty_listing_seen ON dishonesty_listing;
  CREATE POLICY dishonesty_listing_seen ON dishonesty_listing USING (region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR subject_kind || ':' || subject_id = (SELECT office_actor()) OR ((SELECT office_staff()) AND (SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = dishonesty_listing.case_id)));
  PERFORM office_grant('dishonesty_listing');
END $$
--;
DO $$
BEGIN
  ALTER TABLE data_change ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS data_change_seen ON data_change;
  CREATE POLICY data_change_seen ON data_change USING (region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR requested_by = (SELECT office_actor()));
  PERFORM office_grant('data_change');
END $$
--;
DO $$
BEGIN
  ALTER TABLE imported_contribution ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS imported_contribution_seen ON imported_contribution;
  CREATE POLICY imported_contribution_seen ON imported_contribution USING (EXISTS (SELECT FROM person seen WHERE seen.id = imported_contribution.person_id));
  PERFORM office_grant('imported_contribution');
END $$
--;
DO $$
BEGIN
  ALTER TABLE imported_exit ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS imported_exit_seen ON imported_exit;
  CREATE POLICY imported_exit_seen ON imported_exit USING (EXISTS (SELECT FROM person seen WHERE seen.id = imported_exit.person_id));
  PERFORM office_grant('imported_exit');
END $$
--;
DO $$
BEGIN
  ALTER TABLE imported_payment ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS imported_payment_seen ON imported_payment;
  CREATE POLICY imported_payment_seen ON imported_payment USING (EXISTS (SELECT FROM person seen WHERE seen.id = imported_payment.person_id));
  PERFORM office_grant('imported_payment');
END $$
--;
DO $$
BEGIN
  ALTER TABLE imported_grant ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS imported_grant_seen ON imported_grant;
  CREATE POLICY imported_grant_seen ON imported_grant USING (EXISTS (SELECT FROM benefit_grant seen WHERE seen.id = imported_grant.grant_id));
  PERFORM office_grant('imported_grant');
END $$
--;
DO $$
BEGIN
  ALTER TABLE import_file ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS import_file_seen ON import_file;
  CREATE POLICY import_file_seen ON import_file USING (region_code ^@ ANY ((SELECT office_reach('people'))::text[]) OR uploaded_by = (SELECT office_actor()));
  PERFORM office_grant('import_file');
END $$
--;
DO $$
BEGIN
  ALTER TABLE import_row ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS import_row_seen ON import_row;
  CREATE POLICY import_row_seen ON import_row USING (EXISTS (SELECT FROM import_file seen WHERE seen.id = import_row.file_id));
  PERFORM office_grant('import_row');
END $$
--;
DO $$
BEGIN
  ALTER TABLE import_entry ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS import_entry_seen ON import_entry;
  CREATE POLICY import_entry_seen ON import_entry USING (EXISTS (SELECT FROM import_file seen WHERE seen.id = import_entry.file_id));
  PERFORM office_grant('import_entry');
END $$
--;
DO $$
BEGIN
  ALTER TABLE import_fault ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS import_fault_seen ON import_fault;
  CREATE POLICY import_fault_seen ON import_fault USING (EXISTS (SELECT FROM import_file seen WHERE seen.id = import_fault.file_id));
  PERFORM office_grant('import_fault');
END $$
--;
DO $$
BEGIN
  ALTER TABLE month_decision ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS month_decision_seen ON month_decision;
  CREATE POLICY month_decision_seen ON month_decision USING (region ^@ ANY ((SELECT office_reach('people'))::text[]) OR EXISTS (SELECT FROM benefit_grant seen WHERE seen.id = month_decision.grant_id));
  PERFORM office_grant('month_decision');
END $$
--;
DO $$
BEGIN
  ALTER TABLE sample_item ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS sample_item_seen ON sample_item;
  CREATE POLICY sample_item_seen ON sample_item USING (region_code ^@ ANY ((SELECT office_reach('people'))::text[]));
  PERFORM office_grant('sample_item');
END $$
--;
DO $$
BEGIN
  ALTER TABLE sample_draw ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS sample_draw_seen ON sample_draw;
  CREATE POLICY sample_draw_seen ON sample_draw USING (region ^@ ANY ((SELECT office_reach('people'))::text[]));
  PERFORM office_grant('sample_draw');
END $$
--;
DO $$
BEGIN
  ALTER TABLE fund_incident ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS fund_incident_seen ON fund_incident;
  CREATE POLICY fund_incident_seen ON fund_incident USING (region_code ^@ ANY ((SELECT office_reach('people'))::text[]));
  PERFORM office_grant('fund_incident');
END $$
--;
DO $$
BEGIN
  ALTER TABLE incident_follow_up ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS incident_follow_up_seen ON incident_follow_up;
  CREATE POLICY incident_follow_up_seen ON incident_follow_up USING (EXISTS (SELECT FROM fund_incident seen WHERE seen.id = incident_follow_up.incident_id));
  PERFORM office_grant('incident_follow_up');
END $$
--;
DO $$
BEGIN
  ALTER TABLE access_record ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS access_record_seen ON access_record;
  CREATE POLICY access_record_seen ON access_record USING (actor = (SELECT office_actor()) OR person_id = (SELECT office_own('person')) OR ((SELECT office_staff()) AND EXISTS (SELECT FROM person seen WHERE seen.id = access_record.person_id)));
  PERFORM office_grant('access_record');
END $$
--;
DO $$
BEGIN
  ALTER TABLE payment_order ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS payment_order_seen ON payment_order;
  CREATE POLICY payment_order_seen ON payment_order USING (region ^@ ANY ((SELECT office_reach('money'))::text[]) OR (payee_kind = 'person' AND payee_id = (SELECT office_own('person'))) OR (payee_kind = 'employer' AND payee_id = (SELECT office_own('employer'))) OR ((SELECT office_reach('money')) IS NOT NULL AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = payment_order.case_id)));
  PERFORM office_grant('payment_order');
END $$
--;
DO $$
BEGIN
  ALTER TABLE payment_line ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS payment_line_seen ON payment_line;
  CREATE POLICY payment_line_seen ON payment_line USING (EXISTS (SELECT FROM payment_order seen WHERE seen.id = payment_line.order_id));
  PERFORM office_grant('payment_line');
END $$
--;
DO $$
BEGIN
  ALTER TABLE payment_batch ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS payment_batch_seen ON payment_batch;
  CREATE POLICY payment_batch_seen ON payment_batch USING (region ^@ ANY ((SELECT office_reach('money'))::text[]) OR EXISTS (SELECT FROM unnest((SELECT office_reach('money'))::text[]) own WHERE own ^@ regexp_replace(region, '(00){1,2}$', '')) OR id IN (SELECT l.batch_id FROM payment_order o JOIN payment_line l ON l.order_id = o.id WHERE o.payee_kind = split_part((SELECT office_actor()), ':', 1) AND o.payee_id = COALESCE((SELECT office_own('person')), (SELECT office_own('employer')))));
  PERFORM office_grant('payment_batch');
END $$
--;
DO $$
BEGIN
  ALTER TABLE payment_chunk ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS payment_chunk_seen ON payment_chunk;
  CREATE POLICY payment_chunk_seen ON payment_chunk USING (region ^@ ANY ((SELECT office_reach('money'))::text[]));
  PERFORM office_grant('payment_chunk');
END $$
--;
DO $$
BEGIN
  ALTER TABLE bank_receipt ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS bank_receipt_seen ON bank_receipt;
  CREATE POLICY bank_receipt_seen ON bank_receipt USING (taken_by = (SELECT office_actor()) OR EXISTS (SELECT FROM payment_batch b WHERE b.id = bank_receipt.batch_id AND b.region ^@ ANY ((SELECT office_reach('money'))::text[])));
  PERFORM office_grant('bank_receipt');
END $$
--;
DO $$
BEGIN
  ALTER TABLE account_correction ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS account_correction_seen ON account_correction;
  CREATE POLICY account_correction_seen ON account_correction USING (EXISTS (SELECT FROM payment_order seen WHERE seen.id = account_correction.order_id));
  PERFORM office_grant('account_correction');
END $$
--;
DO $$
BEGIN
  ALTER TABLE journal_entry ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS journal_entry_seen ON journal_entry;
  CREATE POLICY journal_entry_seen ON journal_entry USING (region ^@ ANY ((SELECT office_reach('books'))::text[]) OR ((SELECT office_reach('money')) IS NOT NULL AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = journal_entry.case_id)));
  PERFORM office_grant('journal_entry');
END $$
--;
DO $$
BEGIN
  ALTER TABLE posting ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS posting_seen ON posting;
  CREATE POLICY posting_seen ON posting USING (EXISTS (SELECT FROM journal_entry seen WHERE seen.id = posting.entry_id));
  PERFORM office_grant('posting');
END $$
--;
DO $$
BEGIN
  ALTER TABLE overpaid_month ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS overpaid_month_seen ON overpaid_month;
  CREATE POLICY overpaid_month_seen ON overpaid_month USING (EXISTS (SELECT FROM overpayment seen WHERE seen.id = overpaid_month.overpayment_id));
  PERFORM office_grant('overpaid_month');
END $$
--;
DO $$
BEGIN
  ALTER TABLE instalment ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS instalment_seen ON instalment;
  CREATE POLICY instalment_seen ON instalment USING (EXISTS (SELECT FROM overpayment seen WHERE seen.id = instalment.overpayment_id));
  PERFORM office_grant('instalment');
END $$
--;
DO $$
BEGIN
  ALTER TABLE repayment ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS repayment_seen ON repayment;
  CREATE POLICY repayment_seen ON repayment USING (EXISTS (SELECT FROM overpayment seen WHERE seen.id = repayment.overpayment_id));
  PERFORM office_grant('repayment');
END $$
--;
DO $$
BEGIN
  ALTER TABLE write_off ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS write_off_seen ON write_off;
  CREATE POLICY write_off_seen ON write_off USING (EXISTS (SELECT FROM overpayment seen WHERE seen.id = write_off.overpayment_id));
  PERFORM office_grant('write_off');
END $$
--;
DO $$
BEGIN
  ALTER TABLE match_round ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS match_round_seen ON match_round;
  CREATE POLICY match_round_seen ON match_round USING ((SELECT office_staff()));
  PERFORM office_grant('match_round');
END $$
--;
DO $$
BEGIN
  ALTER TABLE month_part ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS month_part_seen ON month_part;
  CREATE POLICY month_part_seen ON month_part USING ((SELECT office_staff()));
  PERFORM office_grant('month_part');
END $$
--;
DO $$
BEGIN
  ALTER TABLE month_rate ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS month_rate_seen ON month_rate;
  CREATE POLICY month_rate_seen ON month_rate USING ((SELECT office_staff()));
  PERFORM office_grant('month_rate');
END $$
--;
DO $$
BEGIN
  ALTER TABLE month_run ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS month_run_seen ON month_run;
  CREATE POLICY month_run_seen ON month_run USING ((SELECT office_staff()));
  PERFORM office_grant('month_run');
END $$
--;
DO $$
BEGIN
  ALTER TABLE period_closing ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS period_closing_seen ON period_closing;
  CREATE POLICY period_closing_seen ON period_closing USING ((SELECT office_staff()));
  PERFORM office_grant('period_closing');
END $$
--;
DO $$
BEGIN
  ALTER TABLE period_reopening ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS period_reopening_seen ON period_reopening;
  CREATE POLICY period_reopening_seen ON period_reopening USING ((SELECT office_staff()));
  PERFORM office_grant('period_reopening');
END $$
--;
DO $$
BEGIN
  ALTER TABLE reconciliation ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS reconciliation_seen ON reconciliation;
  CREATE POLICY reconciliation_seen ON reconciliation USING ((SELECT office_staff()));
  PERFORM office_grant('reconciliation');
END $$
--;
DO $$
BEGIN
  ALTER TABLE reconciliation_difference ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS reconciliation_difference_seen ON reconciliation_difference;
  CREATE POLICY reconciliation_difference_seen ON reconciliation_difference USING ((SELECT office_staff()));
  PERFORM office_grant('reconciliation_difference');
END $$
--;
DO $$
BEGIN
  ALTER TABLE reconciliation_pair ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS reconciliation_pair_seen ON reconciliation_pair;
  CREATE POLICY reconciliation_pair_seen ON reconciliation_pair USING ((SELECT office_staff()));
  PERFORM office_grant('reconciliation_pair');
END $$
--;
DO $$
BEGIN
  ALTER TABLE risk_round ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS risk_round_seen ON risk_round;
  CREATE POLICY risk_round_seen ON risk_round USING ((SELECT office_staff()));
  PERFORM office_grant('risk_round');
END $$
--;
DO $$
BEGIN
  ALTER TABLE roster ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS roster_seen ON roster;
  CREATE POLICY roster_seen ON roster USING ((SELECT office_staff()));
  PERFORM office_grant('roster');
END $$
--;
DO $$
BEGIN
  ALTER TABLE adjustment_line ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS adjustment_line_seen ON adjustment_line;
  CREATE POLICY adjustment_line_seen ON adjustment_line USING ((SELECT office_staff()));
  PERFORM office_grant('adjustment_line');
END $$
--;
DO $$
BEGIN
  ALTER TABLE adjustment_proposal ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS adjustment_proposal_seen ON adjustment_proposal;
  CREATE POLICY adjustment_proposal_seen ON adjustment_proposal USING ((SELECT office_staff()));
  PERFORM office_grant('adjustment_proposal');
END $$
--;
DO $$
BEGIN
  ALTER TABLE exchange_fault ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS exchange_fault_seen ON exchange_fault;
  CREATE POLICY exchange_fault_seen ON exchange_fault USING ((SELECT office_staff()));
  PERFORM office_grant('exchange_fault');
END $$
--;
DO $$
BEGIN
  ALTER TABLE exchange_statement ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS exchange_statement_seen ON exchange_statement;
  CREATE POLICY exchange_statement_seen ON exchange_statement USING ((SELECT office_staff()));
  PERFORM office_grant('exchange_statement');
END $$
--;
DO $$
BEGIN
  ALTER TABLE employer_listing ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS employer_listing_seen ON employer_listing;
  CREATE POLICY employer_listing_seen ON employer_listing USING ((SELECT office_staff()));
  PERFORM office_grant('employer_listing');
END $$
--;
DO $$
BEGIN
  ALTER TABLE employer_roster ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS employer_roster_seen ON employer_roster;
  CREATE POLICY employer_roster_seen ON employer_roster USING ((SELECT office_staff()));
  PERFORM office_grant('employer_roster');
END $$
--;
DO $$
BEGIN
  ALTER TABLE employer_year ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS employer_year_seen ON employer_year;
  CREATE POLICY employer_year_seen ON employer_year USING ((SELECT office_staff()));
  PERFORM office_grant('employer_year');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_decision ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_decision_seen ON screen_decision;
  CREATE POLICY screen_decision_seen ON screen_decision USING ((SELECT office_staff()));
  PERFORM office_grant('screen_decision');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_figure ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_figure_seen ON screen_figure;
  CREATE POLICY screen_figure_seen ON screen_figure USING ((SELECT office_staff()));
  PERFORM office_grant('screen_figure');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_listing ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_listing_seen ON screen_listing;
  CREATE POLICY screen_listing_seen ON screen_listing USING ((SELECT office_staff()));
  PERFORM office_grant('screen_listing');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_part ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_part_seen ON screen_part;
  CREATE POLICY screen_part_seen ON screen_part USING ((SELECT office_staff()));
  PERFORM office_grant('screen_part');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_roster ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_roster_seen ON screen_roster;
  CREATE POLICY screen_roster_seen ON screen_roster USING ((SELECT office_staff()));
  PERFORM office_grant('screen_roster');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_run ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_run_seen ON screen_run;
  CREATE POLICY screen_run_seen ON screen_run USING ((SELECT office_staff()));
  PERFORM office_grant('screen_run');
END $$
--;
DO $$
BEGIN
  ALTER TABLE certificate_roster ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS certificate_roster_seen ON certificate_roster;
  CREATE POLICY certificate_roster_seen ON certificate_roster USING ((SELECT office_staff()));
  PERFORM office_grant('certificate_roster');
END $$
--;
DO $$
BEGIN
  ALTER TABLE checklist ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS checklist_seen ON checklist;
  CREATE POLICY checklist_seen ON checklist USING ((SELECT office_staff()));
  PERFORM office_grant('checklist');
END $$
--;
DO $$
BEGIN
  ALTER TABLE checklist_topic ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS checklist_topic_seen ON checklist_topic;
  CREATE POLICY checklist_topic_seen ON checklist_topic USING ((SELECT office_staff()));
  PERFORM office_grant('checklist_topic');
END $$
--;
DO $$
BEGIN
  ALTER TABLE checklist_unit ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS checklist_unit_seen ON checklist_unit;
  CREATE POLICY checklist_unit_seen ON checklist_unit USING ((SELECT office_staff()));
  PERFORM office_grant('checklist_unit');
END $$
--;
DO $$
BEGIN
  ALTER TABLE refund_campaign ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS refund_campaign_seen ON refund_campaign;
  CREATE POLICY refund_campaign_seen ON refund_campaign USING ((SELECT office_staff()));
  PERFORM office_grant('refund_campaign');
END $$
--;
DO $$
BEGIN
  ALTER TABLE refund_campaign_part ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS refund_campaign_part_seen ON refund_campaign_part;
  CREATE POLICY refund_campaign_part_seen ON refund_campaign_part USING ((SELECT office_staff()));
  PERFORM office_grant('refund_campaign_part');
END $$
--;
DO $$
BEGIN
  ALTER TABLE hand_voucher ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS hand_voucher_seen ON hand_voucher;
  CREATE POLICY hand_voucher_seen ON hand_voucher USING ((SELECT office_staff()));
  PERFORM office_grant('hand_voucher');
END $$
--;
DO $$
BEGIN
  ALTER TABLE year_end ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS year_end_seen ON year_end;
  CREATE POLICY year_end_seen ON year_end USING ((SELECT office_staff()));
  PERFORM office_grant('year_end');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_trial ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_trial_seen ON screen_trial;
  CREATE POLICY screen_trial_seen ON screen_trial USING ((SELECT office_staff()));
  PERFORM office_grant('screen_trial');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_trial_change ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_trial_change_seen ON screen_trial_change;
  CREATE POLICY screen_trial_change_seen ON screen_trial_change USING ((SELECT office_staff()));
  PERFORM office_grant('screen_trial_change');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_trial_figure ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_trial_figure_seen ON screen_trial_figure;
  CREATE POLICY screen_trial_figure_seen ON screen_trial_figure USING ((SELECT office_staff()));
  PERFORM office_grant('screen_trial_figure');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_trial_part ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_trial_part_seen ON screen_trial_part;
  CREATE POLICY screen_trial_part_seen ON screen_trial_part USING ((SELECT office_staff()));
  PERFORM office_grant('screen_trial_part');
END $$
--;
DO $$
BEGIN
  ALTER TABLE screen_trial_total ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS screen_trial_total_seen ON screen_trial_total;
  CREATE POLICY screen_trial_total_seen ON screen_trial_total USING ((SELECT office_staff()));
  PERFORM office_grant('screen_trial_total');
END $$
--;
DO $$
BEGIN
  ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS audit_event_seen ON audit_event;
  CREATE POLICY audit_event_seen ON audit_event USING ((SELECT office_staff()) AND CASE WHEN stream ^@ 'case:' THEN (SELECT office_personal()) AND EXISTS (SELECT FROM workflow_case seen WHERE seen.id = split_part(stream, ':', 2)::integer) ELSE true END) WITH CHECK (true);
  PERFORM office_grant('audit_event');
END $$
--;
DO $$
BEGIN
  ALTER TABLE stored_file ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS stored_file_seen ON stored_file;
  CREATE POLICY stored_file_seen ON stored_file USING (EXISTS (SELECT FROM attachment seen WHERE seen.digest = stored_file.digest)) WITH CHECK (true);
  PERFORM office_grant('stored_file');
END $$
--;
DO $$
BEGIN
  ALTER TABLE outbox_message ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS outbox_message_seen ON outbox_message;
  CREATE POLICY outbox_message_seen ON outbox_message USING ((SELECT office_staff()) OR EXISTS (SELECT FROM workflow_case seen WHERE seen.id = outbox_message.case_id)) WITH CHECK (true);
  PERFORM office_grant('outbox_message');
END $$
--;
DO $$
BEGIN
  ALTER TABLE kept_answer ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS kept_answer_seen ON kept_answer;
  CREATE POLICY kept_answer_seen ON kept_answer USING (caller = (SELECT office_actor())) WITH CHECK (caller = (SELECT office_actor()));
  PERFORM office_grant('kept_answer');
END $$
--;
DO $$
BEGIN
  ALTER TABLE saved_view ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS saved_view_seen ON saved_view;
  CREATE POLICY saved_view_seen ON saved_view USING ((SELECT office_staff()) AND (owner = (SELECT office_actor()) OR shared_with <> '')) WITH CHECK (owner = (SELECT office_actor()));
  PERFORM office_grant('saved_view');
END $$
--;
DO $$
BEGIN
  ALTER TABLE stock_phrase ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS stock_phrase_seen ON stock_phrase;
  CREATE POLICY stock_phrase_seen ON stock_phrase USING ((SELECT office_staff())) WITH CHECK ((SELECT office_staff()));
  PERFORM office_grant('stock_phrase');
END $$
--;
SELECT office_grant('region')
--;
SELECT office_grant('duty')
--;
SELECT office_grant('duty_conflict')
--;
SELECT office_grant('same_case_conflict')
--;
SELECT office_grant('staff_member')
--;
SELECT office_grant('post')
--;
SELECT office_grant('agency')
--;
SELECT office_grant('process_version')
--;
SELECT office_grant('library_file')
--;
SELECT office_grant('change')
--;
SELECT office_grant('change_file')
--;
SELECT office_grant('change_hand')
--;
SELECT office_grant('rehearsal_run')
--;
SELECT office_grant('rehearsal_case')
--;
SELECT office_grant('move_job')
--;
SELECT office_grant('risk_rule')
--;
SELECT office_grant('account')
--;
SELECT office_grant('payment_purpose')
--;
SELECT office_grant('calendar_edition')
--;
SELECT office_grant('calendar_day')
--;
SELECT office_grant('open_task_total')
--;
SELECT office_grant('open_task_delta')
--;
SELECT office_grant('audit_stream')
--;
SELECT office_grant('audit_seal')
--;
SELECT office_grant('audit_seal_leaf')
--;
SELECT office_grant('generated_province')
--;
SELECT office_grant('price_index')
--;
SELECT office_grant('refund_notice_list')
--;
SELECT office_grant('refund_notice_line')
--;
ALTER TABLE roster_line ENABLE ROW LEVEL SECURITY
--;
ALTER TABLE card_account ENABLE ROW LEVEL SECURITY
--;
ALTER TABLE skill_certificate ENABLE ROW LEVEL SECURITY
--;
ALTER TABLE public_form_use ENABLE ROW LEVEL SECURITY
--;
ALTER TABLE sms_reply ENABLE ROW LEVEL SECURITY
--;
DROP TRIGGER IF EXISTS price_index_keep_rows ON price_index
--;
CREATE TRIGGER price_index_keep_rows BEFORE DELETE OR TRUNCATE ON price_index FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS price_index_frozen_columns ON price_index
--;
CREATE TRIGGER price_index_frozen_columns BEFORE UPDATE ON price_index FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.month IS DISTINCT FROM NEW.month OR OLD.cpi_rise IS DISTINCT FROM NEW.cpi_rise OR OLD.food_rise IS DISTINCT FROM NEW.food_rise OR OLD.low_income_rise IS DISTINCT FROM NEW.low_income_rise OR OLD.living_allowance_fen IS DISTINCT FROM NEW.living_allowance_fen OR OLD.published_on IS DISTINCT FROM NEW.published_on OR OLD.source IS DISTINCT FROM NEW.source OR OLD.entered_by IS DISTINCT FROM NEW.entered_by OR OLD.entered_at IS DISTINCT FROM NEW.entered_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS price_index_set_once ON price_index
--;
CREATE TRIGGER price_index_set_once BEFORE UPDATE ON price_index FOR EACH ROW WHEN ((OLD.confirmed_by IS NOT NULL AND OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by) OR (OLD.confirmed_at IS NOT NULL AND OLD.confirmed_at IS DISTINCT FROM NEW.confirmed_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS price_index_status_steps ON price_index
--;
CREATE TRIGGER price_index_status_steps BEFORE UPDATE ON price_index FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('entered>confirmed', 'entered>rejected', 'confirmed>withdrawn')) EXECUTE FUNCTION refuse_change('允许的步骤：entered→confirmed、entered→rejected、confirmed→withdrawn')
--;
DROP TRIGGER IF EXISTS case_avoidance_insert_only ON case_avoidance
--;
CREATE TRIGGER case_avoidance_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_avoidance FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
CREATE OR REPLACE FUNCTION keeps_away(on_case_id bigint, who text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT who <> '' AND EXISTS (
        SELECT 1 FROM case_avoidance a WHERE a.case_id = on_case_id AND (
            'staff:' || a.staff_id = who
            OR EXISTS (SELECT 1 FROM workflow_history h
                        WHERE h.case_id = a.of_case_id AND h.kind IN ('completed', 'signed', 'assisted') AND who IN (h.actor, h.on_behalf_of))))
$$
--;
CREATE OR REPLACE FUNCTION guard_history_avoidance() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF keeps_away(NEW.case_id, NEW.actor) OR keeps_away(NEW.case_id, NEW.on_behalf_of) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat('应当回避（own_work）：', NEW.actor, '，案件 ', NEW.case_id, '，环节 ', NEW.element_id);
    END IF;
    RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS workflow_history_avoidance ON workflow_history
--;
CREATE TRIGGER workflow_history_avoidance BEFORE INSERT ON workflow_history
       FOR EACH ROW WHEN (NEW.kind IN ('completed', 'signed', 'assisted'))
       EXECUTE FUNCTION guard_history_avoidance()
--;
CREATE OR REPLACE FUNCTION guard_history_duty() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    who text;
    names text[] := ARRAY[NEW.actor] || CASE WHEN NEW.on_behalf_of <> '' THEN ARRAY[NEW.on_behalf_of] ELSE '{}' END;
    act_day date := (NEW.at AT TIME ZONE 'Asia/Shanghai')::date;
    place text := concat('案件 ', NEW.case_id, '，环节 ', NEW.element_id);
    ban text;
BEGIN
    FOREACH who IN ARRAY names LOOP
        IF who !~ '^staff:[1-9][0-9]{0,8}$' THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = concat('办理人写法不对：', who, '（例：staff 加冒号加编号）');
        END IF;
    END LOOP;
    FOR who IN SELECT DISTINCT unnest(names) AS each ORDER BY each LOOP
        PERFORM pg_advisory_xact_lock(hashtextextended('history/' || NEW.case_id || '/' || substr(who, 7), 0));
    END LOOP;
    IF NEW.on_behalf_of <> '' AND NOT agency_in_force(
            substr(NEW.actor, 7)::integer, substr(NEW.on_behalf_of, 7)::integer, NEW.duty, NEW.at) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat(NEW.actor, ' 于 ', act_day, ' 未受 ', NEW.on_behalf_of, ' 委托代理「', NEW.duty,
                             '」岗（no_agency）：', place);
    END IF;
    who := names[array_length(names, 1)];
    IF NOT person_may_act(substr(who, 7)::integer, NEW.duty, act_day) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation',
            MESSAGE = concat(who, ' 于 ', act_day, ' 未担任「', NEW.duty, '」岗，不得办理（no_post）：', place);
    END IF;
    FOREACH who IN ARRAY names LOOP
        ban := same_case_ban(NEW.case_id, substr(who, 7)::integer, NEW.duty);
        IF ban IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = concat('同案不相容：', ban, '（', who, '，', place, '）');
        END IF;
        IF EXISTS (SELECT 1 FROM workflow_case c JOIN person p ON c.subject = 'person:' || p.id
                     JOIN staff_member s ON s.id_number_index = p.id_number_index
                    WHERE c.id = NEW.case_id AND s.id = substr(who, 7)::integer) THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation',
                MESSAGE = concat('应当回避（own_case）：', who, ' 是本案当事人，', place);
        END IF;
    END LOOP;
    RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS rating_invitation_keep_rows ON rating_invitation
--;
CREATE TRIGGER rating_invitation_keep_rows BEFORE DELETE OR TRUNCATE ON rating_invitation FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS rating_invitation_frozen_columns ON rating_invitation
--;
CREATE TRIGGER rating_invitation_frozen_columns BEFORE UPDATE ON rating_invitation FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.of_case_id IS DISTINCT FROM NEW.of_case_id OR OLD.process_id IS DISTINCT FROM NEW.process_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.rater IS DISTINCT FROM NEW.rater OR OLD.round IS DISTINCT FROM NEW.round OR OLD.finished_on IS DISTINCT FROM NEW.finished_on OR OLD.invited_at IS DISTINCT FROM NEW.invited_at OR OLD.open_until IS DISTINCT FROM NEW.open_until) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS rating_invitation_set_once ON rating_invitation
--;
CREATE TRIGGER rating_invitation_set_once BEFORE UPDATE ON rating_invitation FOR EACH ROW WHEN ((OLD.phone_index IS NOT NULL AND OLD.phone_index IS DISTINCT FROM NEW.phone_index)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS service_rating_keep_rows ON service_rating
--;
CREATE TRIGGER service_rating_keep_rows BEFORE DELETE OR TRUNCATE ON service_rating FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS service_rating_frozen_columns ON service_rating
--;
CREATE TRIGGER service_rating_frozen_columns BEFORE UPDATE ON service_rating FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.invitation_id IS DISTINCT FROM NEW.invitation_id OR OLD.of_case_id IS DISTINCT FROM NEW.of_case_id OR OLD.process_id IS DISTINCT FROM NEW.process_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.rater IS DISTINCT FROM NEW.rater OR OLD.round IS DISTINCT FROM NEW.round OR OLD.score IS DISTINCT FROM NEW.score OR OLD.grounds IS DISTINCT FROM NEW.grounds OR OLD.words IS DISTINCT FROM NEW.words OR OLD.channel IS DISTINCT FROM NEW.channel OR OLD.rated_at IS DISTINCT FROM NEW.rated_at OR OLD.rated_on IS DISTINCT FROM NEW.rated_on) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS service_rating_set_once ON service_rating
--;
CREATE TRIGGER service_rating_set_once BEFORE UPDATE ON service_rating FOR EACH ROW WHEN ((OLD.case_id IS NOT NULL AND OLD.case_id IS DISTINCT FROM NEW.case_id) OR (OLD.call_back_by IS NOT NULL AND OLD.call_back_by IS DISTINCT FROM NEW.call_back_by) OR (OLD.fix_by IS NOT NULL AND OLD.fix_by IS DISTINCT FROM NEW.fix_by) OR (OLD.called_at IS NOT NULL AND OLD.called_at IS DISTINCT FROM NEW.called_at) OR (OLD.settled_at IS NOT NULL AND OLD.settled_at IS DISTINCT FROM NEW.settled_at) OR (OLD.reply IS NOT NULL AND OLD.reply IS DISTINCT FROM NEW.reply)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS service_rating_status_steps ON service_rating
--;
CREATE TRIGGER service_rating_status_steps BEFORE UPDATE ON service_rating FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>open', 'open>settled')) EXECUTE FUNCTION refuse_change('允许的步骤：waiting→open、open→settled')
--;
DROP TRIGGER IF EXISTS sms_reply_insert_only ON sms_reply
--;
CREATE TRIGGER sms_reply_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sms_reply FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS complaint_keep_rows ON complaint
--;
CREATE TRIGGER complaint_keep_rows BEFORE DELETE OR TRUNCATE ON complaint FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS complaint_frozen_columns ON complaint
--;
CREATE TRIGGER complaint_frozen_columns BEFORE UPDATE ON complaint FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.case_key IS DISTINCT FROM NEW.case_key OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.text IS DISTINCT FROM NEW.text OR OLD.of_case_id IS DISTINCT FROM NEW.of_case_id OR OLD.about_staff IS DISTINCT FROM NEW.about_staff OR OLD.complainant IS DISTINCT FROM NEW.complainant OR OLD.contact IS DISTINCT FROM NEW.contact OR OLD.channel IS DISTINCT FROM NEW.channel OR OLD.entered_by IS DISTINCT FROM NEW.entered_by OR OLD.code_index IS DISTINCT FROM NEW.code_index OR OLD.received_at IS DISTINCT FROM NEW.received_at OR OLD.received_on IS DISTINCT FROM NEW.received_on) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS complaint_set_once ON complaint
--;
CREATE TRIGGER complaint_set_once BEFORE UPDATE ON complaint FOR EACH ROW WHEN ((OLD.accepted_at IS NOT NULL AND OLD.accepted_at IS DISTINCT FROM NEW.accepted_at) OR (OLD.answer_by IS NOT NULL AND OLD.answer_by IS DISTINCT FROM NEW.answer_by) OR (OLD.passed_to IS NOT NULL AND OLD.passed_to IS DISTINCT FROM NEW.passed_to) OR (OLD.passed_why IS NOT NULL AND OLD.passed_why IS DISTINCT FROM NEW.passed_why) OR (OLD.answered_at IS NOT NULL AND OLD.answered_at IS DISTINCT FROM NEW.answered_at) OR (OLD.finding IS NOT NULL AND OLD.finding IS DISTINCT FROM NEW.finding) OR (OLD.answer IS NOT NULL AND OLD.answer IS DISTINCT FROM NEW.answer) OR (OLD.object_until IS NOT NULL AND OLD.object_until IS DISTINCT FROM NEW.object_until) OR (OLD.objected_at IS NOT NULL AND OLD.objected_at IS DISTINCT FROM NEW.objected_at) OR (OLD.objection IS NOT NULL AND OLD.objection IS DISTINCT FROM NEW.objection) OR (OLD.reviewed_at IS NOT NULL AND OLD.reviewed_at IS DISTINCT FROM NEW.reviewed_at) OR (OLD.review_finding IS NOT NULL AND OLD.review_finding IS DISTINCT FROM NEW.review_finding) OR (OLD.review_answer IS NOT NULL AND OLD.review_answer IS DISTINCT FROM NEW.review_answer)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS complaint_status_steps ON complaint
--;
CREATE TRIGGER complaint_status_steps BEFORE UPDATE ON complaint FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('received>accepted', 'received>passed_on', 'accepted>answered', 'answered>objected', 'answered>closed', 'objected>closed')) EXECUTE FUNCTION refuse_change('允许的步骤：received→accepted、received→passed_on、accepted→answered、answered→objected、answered→closed、objected→closed')
--;
DROP TRIGGER IF EXISTS hand_voucher_keep_rows ON hand_voucher
--;
CREATE TRIGGER hand_voucher_keep_rows BEFORE DELETE OR TRUNCATE ON hand_voucher FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS hand_voucher_frozen_columns ON hand_voucher
--;
CREATE TRIGGER hand_voucher_frozen_columns BEFORE UPDATE ON hand_voucher FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.day IS DISTINCT FROM NEW.day OR OLD.amount_fen IS DISTINCT FROM NEW.amount_fen OR OLD.paper IS DISTINCT FROM NEW.paper OR OLD.note IS DISTINCT FROM NEW.note OR OLD.takes_back IS DISTINCT FROM NEW.takes_back OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS hand_voucher_set_once ON hand_voucher
--;
CREATE TRIGGER hand_voucher_set_once BEFORE UPDATE ON hand_voucher FOR EACH ROW WHEN ((OLD.decided_by IS NOT NULL AND OLD.decided_by IS DISTINCT FROM NEW.decided_by) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at) OR (OLD.entry_id IS NOT NULL AND OLD.entry_id IS DISTINCT FROM NEW.entry_id)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS hand_voucher_status_steps ON hand_voucher
--;
CREATE TRIGGER hand_voucher_status_steps BEFORE UPDATE ON hand_voucher FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('proposed>posted', 'proposed>declined', 'posted>taken_back')) EXECUTE FUNCTION refuse_change('允许的步骤：proposed→posted、proposed→declined、posted→taken_back')
--;
DROP TRIGGER IF EXISTS year_end_keep_rows ON year_end
--;
CREATE TRIGGER year_end_keep_rows BEFORE DELETE OR TRUNCATE ON year_end FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS year_end_frozen_columns ON year_end
--;
CREATE TRIGGER year_end_frozen_columns BEFORE UPDATE ON year_end FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.year IS DISTINCT FROM NEW.year OR OLD.proposed_by IS DISTINCT FROM NEW.proposed_by OR OLD.proposed_at IS DISTINCT FROM NEW.proposed_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS year_end_set_once ON year_end
--;
CREATE TRIGGER year_end_set_once BEFORE UPDATE ON year_end FOR EACH ROW WHEN ((OLD.decided_by IS NOT NULL AND OLD.decided_by IS DISTINCT FROM NEW.decided_by) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at) OR (OLD.surplus_fen IS NOT NULL AND OLD.surplus_fen IS DISTINCT FROM NEW.surplus_fen) OR (OLD.books IS NOT NULL AND OLD.books IS DISTINCT FROM NEW.books)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS year_end_status_steps ON year_end
--;
CREATE TRIGGER year_end_status_steps BEFORE UPDATE ON year_end FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('proposed>carried', 'proposed>declined')) EXECUTE FUNCTION refuse_change('允许的步骤：proposed→carried、proposed→declined')
--;
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
--;
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
--;
CREATE OR REPLACE FUNCTION refuse_closed_period() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
CREATE OR REPLACE FUNCTION require_reopening() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM period_reopening WHERE closing_id = NEW.id AND status = 'approved') THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = 'period_closing', CONSTRAINT = 'reopening_record',
      MESSAGE = '重新开账须有经他人批准的记录：' || NEW.region || ' ' || NEW.month;
  END IF;
  RETURN NEW;
END $$
--;
ALTER TABLE data_change DROP CONSTRAINT IF EXISTS ck_data_change_requested_by_staff
--;
ALTER TABLE data_change DROP CONSTRAINT IF EXISTS ck_data_change_decided
--;
ALTER TABLE data_change ADD CONSTRAINT ck_data_change_decided CHECK (status NOT IN ('applied', 'rejected') OR decided_by IS NOT NULL)
--;
ALTER TABLE data_change DROP CONSTRAINT IF EXISTS ck_data_change_decided_by_another
--;
ALTER TABLE data_change ADD CONSTRAINT ck_data_change_decided_by_another CHECK (requested_by <> decided_by)
--;
ALTER TABLE data_change DROP CONSTRAINT IF EXISTS ck_data_change_decided_by_staff
--;
ALTER TABLE data_change ADD CONSTRAINT ck_data_change_decided_by_staff CHECK (starts_with(decided_by, 'staff:'))
--;
ALTER TABLE data_change DROP CONSTRAINT IF EXISTS ck_data_change_reason_and_evidence
--;
ALTER TABLE data_change ADD CONSTRAINT ck_data_change_reason_and_evidence CHECK (btrim(reason) <> '' AND btrim(evidence) <> '')
--;
ALTER TABLE data_change DROP CONSTRAINT IF EXISTS ck_data_change_requested_by
--;
ALTER TABLE data_change ADD CONSTRAINT ck_data_change_requested_by CHECK (starts_with(requested_by, 'staff:') OR (record = 'reduction' AND starts_with(requested_by, 'employer:')))
--;
ALTER TABLE data_change DROP CONSTRAINT IF EXISTS ck_data_change_status
--;
ALTER TABLE data_change ADD CONSTRAINT ck_data_change_status CHECK (status IN ('requested', 'applied', 'rejected', 'withdrawn'))
--;
CREATE OR REPLACE FUNCTION require_listing_case() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
DROP TRIGGER IF EXISTS checklist_keep_rows ON checklist
--;
CREATE TRIGGER checklist_keep_rows BEFORE DELETE OR TRUNCATE ON checklist FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS checklist_frozen_columns ON checklist
--;
CREATE TRIGGER checklist_frozen_columns BEFORE UPDATE ON checklist FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.title IS DISTINCT FROM NEW.title OR OLD.source IS DISTINCT FROM NEW.source OR OLD.issued_on IS DISTINCT FROM NEW.issued_on OR OLD.received_on IS DISTINCT FROM NEW.received_on OR OLD.self_check_due IS DISTINCT FROM NEW.self_check_due OR OLD.plan_due IS DISTINCT FROM NEW.plan_due OR OLD.done_due IS DISTINCT FROM NEW.done_due OR OLD.milestones IS DISTINCT FROM NEW.milestones OR OLD.issued_by IS DISTINCT FROM NEW.issued_by OR OLD.issued_at IS DISTINCT FROM NEW.issued_at OR OLD.region IS DISTINCT FROM NEW.region OR OLD.cells IS DISTINCT FROM NEW.cells) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS checklist_status_steps ON checklist
--;
CREATE TRIGGER checklist_status_steps BEFORE UPDATE ON checklist FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('issuing>open', 'open>closed')) EXECUTE FUNCTION refuse_change('允许的步骤：issuing→open、open→closed')
--;
CREATE OR REPLACE FUNCTION checklist_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  laid bigint; topics bigint; units bigint; crossed bigint;
BEGIN
  SELECT count(*), count(DISTINCT (topic_id, region_code)) INTO laid, crossed
    FROM rectification_item WHERE checklist_id = NEW.id;
  SELECT count(*) INTO topics FROM checklist_topic WHERE checklist_id = NEW.id;
  SELECT count(*) INTO units FROM checklist_unit WHERE checklist_id = NEW.id;
  IF laid <> NEW.cells OR (NEW.kind = 'checklist' AND (crossed <> topics * units OR laid <> crossed)) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = 'checklist', CONSTRAINT = 'checklist_whole',
      MESSAGE = '清单不全：应有 ' || NEW.cells || ' 项（' || topics || ' 个项目、' || units || ' 个单位），实有 ' || laid || ' 项';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS checklist_whole ON checklist
--;
CREATE TRIGGER checklist_whole BEFORE UPDATE ON checklist FOR EACH ROW WHEN (OLD.status = 'issuing' AND NEW.status <> 'issuing') EXECUTE FUNCTION checklist_whole()
--;
DROP TRIGGER IF EXISTS checklist_topic_insert_only ON checklist_topic
--;
CREATE TRIGGER checklist_topic_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checklist_topic FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
CREATE OR REPLACE FUNCTION checklist_laid_once() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM laid l JOIN checklist c ON c.id = l.checklist_id WHERE c.status <> 'issuing') THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '清单已下达，不能再增加项目、单位或事项';
  END IF;
  RETURN NULL;
END $$
--;
DROP TRIGGER IF EXISTS checklist_topic_laid_once ON checklist_topic
--;
CREATE TRIGGER checklist_topic_laid_once AFTER INSERT ON checklist_topic REFERENCING NEW TABLE AS laid FOR EACH STATEMENT EXECUTE FUNCTION checklist_laid_once()
--;
DROP TRIGGER IF EXISTS checklist_unit_insert_only ON checklist_unit
--;
CREATE TRIGGER checklist_unit_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checklist_unit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS checklist_unit_laid_once ON checklist_unit
--;
CREATE TRIGGER checklist_unit_laid_once AFTER INSERT ON checklist_unit REFERENCING NEW TABLE AS laid FOR EACH STATEMENT EXECUTE FUNCTION checklist_laid_once()
--;
DROP TRIGGER IF EXISTS rectification_item_keep_rows ON rectification_item
--;
CREATE TRIGGER rectification_item_keep_rows BEFORE DELETE OR TRUNCATE ON rectification_item FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS rectification_item_laid_once ON rectification_item
--;
CREATE TRIGGER rectification_item_laid_once AFTER INSERT ON rectification_item REFERENCING NEW TABLE AS laid FOR EACH STATEMENT EXECUTE FUNCTION checklist_laid_once()
--;
DROP TRIGGER IF EXISTS rectification_item_frozen_columns ON rectification_item
--;
CREATE TRIGGER rectification_item_frozen_columns BEFORE UPDATE ON rectification_item FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.checklist_id IS DISTINCT FROM NEW.checklist_id OR OLD.topic_id IS DISTINCT FROM NEW.topic_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.city IS DISTINCT FROM NEW.city OR OLD.lead_unit IS DISTINCT FROM NEW.lead_unit OR OLD.overdue_on_receipt IS DISTINCT FROM NEW.overdue_on_receipt) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS rectification_item_status_steps ON rectification_item
--;
CREATE TRIGGER rectification_item_status_steps BEFORE UPDATE ON rectification_item FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('unchecked>no_problem', 'unchecked>planning', 'no_problem>planning', 'planning>unchecked', 'planning>planned', 'planned>planning', 'planned>unchecked', 'planned>doing', 'doing>planned', 'doing>planning', 'doing>unchecked', 'doing>verifying', 'verifying>doing', 'verifying>planned', 'verifying>planning', 'verifying>unchecked', 'verifying>done', 'done>planning')) EXECUTE FUNCTION refuse_change('允许的步骤：unchecked→no_problem、unchecked→planning、no_problem→planning、planning→unchecked、planning→planned、planned→planning、planned→unchecked、planned→doing、doing→planned、doing→planning、doing→unchecked、doing→verifying、verifying→doing、verifying→planned、verifying→planning、verifying→unchecked、verifying→done、done→planning')
--;
DROP TRIGGER IF EXISTS item_case_insert_only ON item_case
--;
CREATE TRIGGER item_case_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON item_case FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS escalation_paper_insert_only ON escalation_paper
--;
CREATE TRIGGER escalation_paper_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON escalation_paper FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS escalation_insert_only ON escalation
--;
CREATE TRIGGER escalation_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON escalation FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
CREATE OR REPLACE FUNCTION guard_sample_judge() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
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
ALTER TABLE retention_refund DROP CONSTRAINT IF EXISTS ck_retention_refund_amounts
--;
ALTER TABLE retention_refund ADD CONSTRAINT ck_retention_refund_amounts CHECK (amount_fen >= 0 AND screened_fen >= 0)
--;
ALTER TABLE retention_refund DROP CONSTRAINT IF EXISTS ck_retention_refund_kind
--;
ALTER TABLE retention_refund ADD CONSTRAINT ck_retention_refund_kind CHECK (kind IN ('general', 'struggling'))
--;
ALTER TABLE retention_refund DROP CONSTRAINT IF EXISTS ck_retention_refund_mode
--;
ALTER TABLE retention_refund ADD CONSTRAINT ck_retention_refund_mode CHECK (mode IN ('disburse', 'prepay'))
--;
ALTER TABLE retention_refund DROP CONSTRAINT IF EXISTS ck_retention_refund_never_above_what_stands
--;
ALTER TABLE retention_refund ADD CONSTRAINT ck_retention_refund_never_above_what_stands CHECK (prepaid_fen >= 0 AND topped_fen >= 0 AND (topped_fen = 0 OR prepaid_fen + topped_fen = settled_fen))
--;
ALTER TABLE retention_refund DROP CONSTRAINT IF EXISTS ck_retention_refund_paid
--;
ALTER TABLE retention_refund ADD CONSTRAINT ck_retention_refund_paid CHECK (status <> 'paid' OR (paid_on IS NOT NULL AND prepaid_fen = 0))
--;
ALTER TABLE retention_refund DROP CONSTRAINT IF EXISTS ck_retention_refund_recovered_no_more_than_prepaid
--;
ALTER TABLE retention_refund ADD CONSTRAINT ck_retention_refund_recovered_no_more_than_prepaid CHECK (recover_fen >= 0 AND recovered_fen BETWEEN 0 AND recover_fen AND recover_fen <= prepaid_fen AND (recover_fen = 0 OR topped_fen = 0))
--;
ALTER TABLE retention_refund DROP CONSTRAINT IF EXISTS ck_retention_refund_recovered_whole
--;
ALTER TABLE retention_refund ADD CONSTRAINT ck_retention_refund_recovered_whole CHECK (status <> 'recovered' OR recovered_fen = recover_fen)
--;
DROP TRIGGER IF EXISTS refund_campaign_keep_rows ON refund_campaign
--;
CREATE TRIGGER refund_campaign_keep_rows BEFORE DELETE OR TRUNCATE ON refund_campaign FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS refund_campaign_frozen_columns ON refund_campaign
--;
CREATE TRIGGER refund_campaign_frozen_columns BEFORE UPDATE ON refund_campaign FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.year IS DISTINCT FROM NEW.year OR OLD.mode IS DISTINCT FROM NEW.mode OR OLD.started_by IS DISTINCT FROM NEW.started_by OR OLD.started_at IS DISTINCT FROM NEW.started_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS refund_campaign_status_steps ON refund_campaign
--;
CREATE TRIGGER refund_campaign_status_steps BEFORE UPDATE ON refund_campaign FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('opening>running', 'running>opening', 'opening>closed', 'running>closed')) EXECUTE FUNCTION refuse_change('允许的步骤：opening→running、running→opening、opening→closed、running→closed')
--;
DROP TRIGGER IF EXISTS refund_campaign_part_keep_rows ON refund_campaign_part
--;
CREATE TRIGGER refund_campaign_part_keep_rows BEFORE DELETE OR TRUNCATE ON refund_campaign_part FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS refund_campaign_part_frozen_columns ON refund_campaign_part
--;
CREATE TRIGGER refund_campaign_part_frozen_columns BEFORE UPDATE ON refund_campaign_part FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.run_id IS DISTINCT FROM NEW.run_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.screen_run_id IS DISTINCT FROM NEW.screen_run_id OR OLD.first_employer IS DISTINCT FROM NEW.first_employer OR OLD.last_employer IS DISTINCT FROM NEW.last_employer) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS refund_campaign_part_status_steps ON refund_campaign_part
--;
CREATE TRIGGER refund_campaign_part_status_steps BEFORE UPDATE ON refund_campaign_part FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>done')) EXECUTE FUNCTION refuse_change('允许的步骤：waiting→done')
--;
DROP TRIGGER IF EXISTS retention_refund_keep_rows ON retention_refund
--;
CREATE TRIGGER retention_refund_keep_rows BEFORE DELETE OR TRUNCATE ON retention_refund FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS retention_refund_frozen_columns ON retention_refund
--;
CREATE TRIGGER retention_refund_frozen_columns BEFORE UPDATE ON retention_refund FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.employer_id IS DISTINCT FROM NEW.employer_id OR OLD.year IS DISTINCT FROM NEW.year) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS retention_refund_set_once ON retention_refund
--;
CREATE TRIGGER retention_refund_set_once BEFORE UPDATE ON retention_refund FOR EACH ROW WHEN ((OLD.ordered_on IS NOT NULL AND OLD.ordered_on IS DISTINCT FROM NEW.ordered_on) OR (OLD.paid_on IS NOT NULL AND OLD.paid_on IS DISTINCT FROM NEW.paid_on) OR (OLD.prepaid_on IS NOT NULL AND OLD.prepaid_on IS DISTINCT FROM NEW.prepaid_on) OR (OLD.settled_on IS NOT NULL AND OLD.settled_on IS DISTINCT FROM NEW.settled_on) OR (OLD.settlement_case_id IS NOT NULL AND OLD.settlement_case_id IS DISTINCT FROM NEW.settlement_case_id)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS retention_refund_status_steps ON retention_refund
--;
CREATE TRIGGER retention_refund_status_steps BEFORE UPDATE ON retention_refund FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('screened>pushed', 'screened>objected', 'screened>confirmed', 'screened>noticed', 'screened>not_eligible', 'screened>lapsed', 'screened>withdrawn', 'pushed>screened', 'pushed>objected', 'pushed>confirmed', 'pushed>noticed', 'pushed>not_eligible', 'pushed>lapsed', 'pushed>withdrawn', 'objected>screened', 'objected>pushed', 'objected>confirmed', 'objected>noticed', 'objected>not_eligible', 'objected>lapsed', 'objected>withdrawn', 'confirmed>screened', 'confirmed>pushed', 'confirmed>objected', 'confirmed>noticed', 'confirmed>not_eligible', 'confirmed>lapsed', 'confirmed>withdrawn', 'noticed>screened', 'noticed>pushed', 'noticed>objected', 'noticed>confirmed', 'noticed>not_eligible', 'noticed>lapsed', 'noticed>withdrawn', 'not_eligible>screened', 'not_eligible>pushed', 'not_eligible>objected', 'not_eligible>confirmed', 'not_eligible>noticed', 'not_eligible>lapsed', 'not_eligible>withdrawn', 'lapsed>screened', 'lapsed>pushed', 'lapsed>objected', 'lapsed>confirmed', 'lapsed>noticed', 'lapsed>not_eligible', 'lapsed>withdrawn', 'withdrawn>screened', 'withdrawn>pushed', 'withdrawn>objected', 'withdrawn>confirmed', 'withdrawn>noticed', 'withdrawn>not_eligible', 'withdrawn>lapsed', 'noticed>ordered', 'noticed>prepay_ordered', 'ordered>paid', 'prepay_ordered>prepaid', 'prepaid>committed', 'prepaid>recovering', 'committed>topping_up', 'committed>settled', 'committed>recovering', 'topping_up>settled', 'recovering>recovered')) EXECUTE FUNCTION refuse_change('允许的步骤：screened→pushed、screened→objected、screened→confirmed、screened→noticed、screened→not_eligible、screened→lapsed、screened→withdrawn、pushed→screened、pushed→objected、pushed→confirmed、pushed→noticed、pushed→not_eligible、pushed→lapsed、pushed→withdrawn、objected→screened、objected→pushed、objected→confirmed、objected→noticed、objected→not_eligible、objected→lapsed、objected→withdrawn、confirmed→screened、confirmed→pushed、confirmed→objected、confirmed→noticed、confirmed→not_eligible、confirmed→lapsed、confirmed→withdrawn、noticed→screened、noticed→pushed、noticed→objected、noticed→confirmed、noticed→not_eligible、noticed→lapsed、noticed→withdrawn、not_eligible→screened、not_eligible→pushed、not_eligible→objected、not_eligible→confirmed、not_eligible→noticed、not_eligible→lapsed、not_eligible→withdrawn、lapsed→screened、lapsed→pushed、lapsed→objected、lapsed→confirmed、lapsed→noticed、lapsed→not_eligible、lapsed→withdrawn、withdrawn→screened、withdrawn→pushed、withdrawn→objected、withdrawn→confirmed、withdrawn→noticed、withdrawn→not_eligible、withdrawn→lapsed、noticed→ordered、noticed→prepay_ordered、ordered→paid、prepay_ordered→prepaid、prepaid→committed、prepaid→recovering、committed→topping_up、committed→settled、committed→recovering、topping_up→settled、recovering→recovered')
--;
DROP TRIGGER IF EXISTS refund_notice_list_insert_only ON refund_notice_list
--;
CREATE TRIGGER refund_notice_list_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON refund_notice_list FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS refund_notice_line_insert_only ON refund_notice_line
--;
CREATE TRIGGER refund_notice_line_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON refund_notice_line FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS notice_objection_keep_rows ON notice_objection
--;
CREATE TRIGGER notice_objection_keep_rows BEFORE DELETE OR TRUNCATE ON notice_objection FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS notice_objection_frozen_columns ON notice_objection
--;
CREATE TRIGGER notice_objection_frozen_columns BEFORE UPDATE ON notice_objection FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.refund_id IS DISTINCT FROM NEW.refund_id OR OLD.line_id IS DISTINCT FROM NEW.line_id OR OLD.who IS DISTINCT FROM NEW.who OR OLD.contactable IS DISTINCT FROM NEW.contactable OR OLD.address_index IS DISTINCT FROM NEW.address_index OR OLD.said IS DISTINCT FROM NEW.said OR OLD.taken_at IS DISTINCT FROM NEW.taken_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS notice_objection_status_steps ON notice_objection
--;
CREATE TRIGGER notice_objection_status_steps BEFORE UPDATE ON notice_objection FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>dismissed', 'open>upheld')) EXECUTE FUNCTION refuse_change('允许的步骤：open→dismissed、open→upheld')
--;
DROP TRIGGER IF EXISTS refund_repayment_insert_only ON refund_repayment
--;
CREATE TRIGGER refund_repayment_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON refund_repayment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS screen_trial_keep_rows ON screen_trial
--;
CREATE TRIGGER screen_trial_keep_rows BEFORE DELETE OR TRUNCATE ON screen_trial FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS screen_trial_frozen_columns ON screen_trial
--;
CREATE TRIGGER screen_trial_frozen_columns BEFORE UPDATE ON screen_trial FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.run_id IS DISTINCT FROM NEW.run_id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.year IS DISTINCT FROM NEW.year OR OLD.day IS DISTINCT FROM NEW.day OR OLD.name IS DISTINCT FROM NEW.name OR OLD.changes IS DISTINCT FROM NEW.changes OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.gaps IS DISTINCT FROM NEW.gaps OR OLD.started_by IS DISTINCT FROM NEW.started_by OR OLD.started_at IS DISTINCT FROM NEW.started_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS screen_trial_set_once ON screen_trial
--;
CREATE TRIGGER screen_trial_set_once BEFORE UPDATE ON screen_trial FOR EACH ROW WHEN ((OLD.finished_at IS NOT NULL AND OLD.finished_at IS DISTINCT FROM NEW.finished_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS screen_trial_status_steps ON screen_trial
--;
CREATE TRIGGER screen_trial_status_steps BEFORE UPDATE ON screen_trial FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('running>done')) EXECUTE FUNCTION refuse_change('允许的步骤：running→done')
--;
DROP TRIGGER IF EXISTS screen_trial_figure_insert_only ON screen_trial_figure
--;
CREATE TRIGGER screen_trial_figure_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screen_trial_figure FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS screen_trial_part_keep_rows ON screen_trial_part
--;
CREATE TRIGGER screen_trial_part_keep_rows BEFORE DELETE OR TRUNCATE ON screen_trial_part FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS screen_trial_part_frozen_columns ON screen_trial_part
--;
CREATE TRIGGER screen_trial_part_frozen_columns BEFORE UPDATE ON screen_trial_part FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.run_id IS DISTINCT FROM NEW.run_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.first_employer IS DISTINCT FROM NEW.first_employer OR OLD.last_employer IS DISTINCT FROM NEW.last_employer) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS screen_trial_part_set_once ON screen_trial_part
--;
CREATE TRIGGER screen_trial_part_set_once BEFORE UPDATE ON screen_trial_part FOR EACH ROW WHEN ((OLD.done_at IS NOT NULL AND OLD.done_at IS DISTINCT FROM NEW.done_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS screen_trial_part_status_steps ON screen_trial_part
--;
CREATE TRIGGER screen_trial_part_status_steps BEFORE UPDATE ON screen_trial_part FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>done')) EXECUTE FUNCTION refuse_change('允许的步骤：waiting→done')
--;
DROP TRIGGER IF EXISTS screen_trial_change_insert_only ON screen_trial_change
--;
CREATE TRIGGER screen_trial_change_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screen_trial_change FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS screen_trial_total_insert_only ON screen_trial_total
--;
CREATE TRIGGER screen_trial_total_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screen_trial_total FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS certificate_roster_insert_only ON certificate_roster
--;
CREATE TRIGGER certificate_roster_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON certificate_roster FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS skill_certificate_keep_rows ON skill_certificate
--;
CREATE TRIGGER skill_certificate_keep_rows BEFORE DELETE OR TRUNCATE ON skill_certificate FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
CREATE OR REPLACE FUNCTION require_loading_import() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM (SELECT DISTINCT file_id FROM added) a
               JOIN import_file f ON f.id = a.file_id WHERE f.status <> 'loading') THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'loading_import',
      MESSAGE = '表 ' || TG_TABLE_NAME || ' 只在整份文件装载时写入，由上传人以外的人装载';
  END IF;
  RETURN NULL;
END $$
--;
DROP TRIGGER IF EXISTS reduction_report_keep_rows ON reduction_report
--;
CREATE TRIGGER reduction_report_keep_rows BEFORE DELETE OR TRUNCATE ON reduction_report FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS reduction_report_frozen_columns ON reduction_report
--;
CREATE TRIGGER reduction_report_frozen_columns BEFORE UPDATE ON reduction_report FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.case_key IS DISTINCT FROM NEW.case_key OR OLD.employer_id IS DISTINCT FROM NEW.employer_id OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.reported_on IS DISTINCT FROM NEW.reported_on OR OLD.due_on IS DISTINCT FROM NEW.due_on OR OLD.reported_by IS DISTINCT FROM NEW.reported_by OR OLD.channel IS DISTINCT FROM NEW.channel) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS reduction_report_set_once ON reduction_report
--;
CREATE TRIGGER reduction_report_set_once BEFORE UPDATE ON reduction_report FOR EACH ROW WHEN ((OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at) OR (OLD.notice_given_on IS NOT NULL AND OLD.notice_given_on IS DISTINCT FROM NEW.notice_given_on) OR (OLD.notice_received_at IS NOT NULL AND OLD.notice_received_at IS DISTINCT FROM NEW.notice_received_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS reduction_report_status_steps ON reduction_report
--;
CREATE TRIGGER reduction_report_status_steps BEFORE UPDATE ON reduction_report FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('reported>counted', 'reported>returned')) EXECUTE FUNCTION refuse_change('允许的步骤：reported→counted、reported→returned')
--;
CREATE OR REPLACE FUNCTION require_reduction_correction() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF (OLD.reason <> NEW.reason AND NOT EXISTS (SELECT FROM reduction_correction c WHERE c.report_id = NEW.id
        AND c.id = (SELECT max(id) FROM reduction_correction WHERE report_id = NEW.id)
        AND c.field = 'reason' AND c.before = OLD.reason AND c.after = NEW.reason))
  OR (OLD.exit_day <> NEW.exit_day AND NOT EXISTS (SELECT FROM reduction_correction c WHERE c.report_id = NEW.id
        AND c.id = (SELECT max(id) FROM reduction_correction WHERE report_id = NEW.id)
        AND c.field = 'exit_day' AND c.before = OLD.exit_day::text AND c.after = NEW.exit_day::text)) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'corrected',
      MESSAGE = '减员申报的离职日期和原因须经审批更正，并留下更正记录';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS reduction_report_corrected ON reduction_report
--;
CREATE TRIGGER reduction_report_corrected BEFORE UPDATE ON reduction_report FOR EACH ROW EXECUTE FUNCTION require_reduction_correction()
--;
DROP TRIGGER IF EXISTS reduction_correction_insert_only ON reduction_correction
--;
CREATE TRIGGER reduction_correction_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reduction_correction FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS reduction_objection_keep_rows ON reduction_objection
--;
CREATE TRIGGER reduction_objection_keep_rows BEFORE DELETE OR TRUNCATE ON reduction_objection FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS reduction_objection_frozen_columns ON reduction_objection
--;
CREATE TRIGGER reduction_objection_frozen_columns BEFORE UPDATE ON reduction_objection FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.report_id IS DISTINCT FROM NEW.report_id OR OLD.statement IS DISTINCT FROM NEW.statement OR OLD.claimed_reason IS DISTINCT FROM NEW.claimed_reason OR OLD.made_at IS DISTINCT FROM NEW.made_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS reduction_objection_set_once ON reduction_objection
--;
CREATE TRIGGER reduction_objection_set_once BEFORE UPDATE ON reduction_objection FOR EACH ROW WHEN ((OLD.employer_answer_by IS NOT NULL AND OLD.employer_answer_by IS DISTINCT FROM NEW.employer_answer_by) OR (OLD.employer_agrees IS NOT NULL AND OLD.employer_agrees IS DISTINCT FROM NEW.employer_agrees) OR (OLD.employer_statement IS NOT NULL AND OLD.employer_statement IS DISTINCT FROM NEW.employer_statement) OR (OLD.employer_answered_at IS NOT NULL AND OLD.employer_answered_at IS DISTINCT FROM NEW.employer_answered_at) OR (OLD.reply IS NOT NULL AND OLD.reply IS DISTINCT FROM NEW.reply) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS reduction_objection_status_steps ON reduction_objection
--;
CREATE TRIGGER reduction_objection_status_steps BEFORE UPDATE ON reduction_objection FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>upheld', 'open>dismissed')) EXECUTE FUNCTION refuse_change('允许的步骤：open→upheld、open→dismissed')
