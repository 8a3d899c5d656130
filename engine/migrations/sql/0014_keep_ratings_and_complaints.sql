DROP TRIGGER IF EXISTS case_avoidance_insert_only ON case_avoidance
--;
CREATE TRIGGER case_avoidance_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON case_avoidance FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
CREATE OR REPLACE FUNCTION keeps_away(on_case_id bigint, who text) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT who <> '' AND EXISTS (
        SELECT 1 FROM case_avoidance a WHERE a.case_id = on_case_id AND (
            'staff:' || a.staff_id = who
            OR EXISTS (SELECT 1 FROM workflow_history h
                        WHERE h.case_id = a.of_case_id AND h.kind IN ('completed', 'signed', 'assisted') AND who IN (h.actor, h.on_behalf_of))))
$$
--;
CREATE OR REPLACE FUNCTION guard_history_avoidance() RETURNS trigger LANGUAGE plpgsql AS $$
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
