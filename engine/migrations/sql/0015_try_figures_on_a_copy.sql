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
