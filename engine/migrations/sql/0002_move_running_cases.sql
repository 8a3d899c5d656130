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
