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
