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
CREATE OR REPLACE FUNCTION checklist_whole() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE OR REPLACE FUNCTION checklist_laid_once() RETURNS trigger LANGUAGE plpgsql AS $$
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
