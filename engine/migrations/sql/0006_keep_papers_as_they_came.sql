DROP TRIGGER IF EXISTS attachment_keep_rows ON attachment
--;
CREATE TRIGGER attachment_keep_rows BEFORE DELETE OR TRUNCATE ON attachment FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS attachment_frozen_columns ON attachment
--;
CREATE TRIGGER attachment_frozen_columns BEFORE UPDATE ON attachment FOR EACH ROW WHEN (OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.name IS DISTINCT FROM NEW.name OR OLD.title IS DISTINCT FROM NEW.title OR OLD.element_id IS DISTINCT FROM NEW.element_id OR OLD.volunteered IS DISTINCT FROM NEW.volunteered OR OLD.added_by IS DISTINCT FROM NEW.added_by OR OLD.added_at IS DISTINCT FROM NEW.added_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS attachment_set_once ON attachment
--;
CREATE TRIGGER attachment_set_once BEFORE UPDATE ON attachment FOR EACH ROW WHEN ((OLD.removed_by IS NOT NULL AND OLD.removed_by IS DISTINCT FROM NEW.removed_by) OR (OLD.removed_at IS NOT NULL AND OLD.removed_at IS DISTINCT FROM NEW.removed_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS attachment_scan_steps ON attachment
--;
CREATE TRIGGER attachment_scan_steps BEFORE UPDATE ON attachment FOR EACH ROW WHEN (OLD.scan IS DISTINCT FROM NEW.scan AND (OLD.scan || '>' || NEW.scan) NOT IN ('waiting>clean', 'waiting>infected')) EXECUTE FUNCTION refuse_change('允许的步骤：waiting→clean、waiting→infected')
