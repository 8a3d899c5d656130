DROP TRIGGER IF EXISTS change_status_steps ON change
--;
CREATE TRIGGER change_status_steps BEFORE UPDATE ON change FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>submitting', 'open>submitted', 'open>withdrawn', 'submitting>open', 'submitting>submitted', 'submitting>withdrawn', 'submitted>open', 'submitted>withdrawn', 'submitted>rejected', 'submitted>published', 'rejected>open', 'rejected>withdrawn')) EXECUTE FUNCTION refuse_change('允许的步骤：open→submitting、open→submitted、open→withdrawn、submitting→open、submitting→submitted、submitting→withdrawn、submitted→open、submitted→withdrawn、submitted→rejected、submitted→published、rejected→open、rejected→withdrawn')
--;
CREATE OR REPLACE FUNCTION library_digest() RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(coalesce(string_agg(
    held.name || ' ' || held.digest, E'\n' ORDER BY held.name COLLATE "C"), ''), 'UTF8')), 'hex')
  FROM (SELECT DISTINCT ON (name) name, digest FROM library_file ORDER BY name, number DESC) held
$$
--;
CREATE OR REPLACE FUNCTION change_digest(own integer) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT encode(sha256(convert_to(coalesce(string_agg(
    draft.name || ' ' || draft.digest, E'\n' ORDER BY draft.name COLLATE "C"), ''), 'UTF8')), 'hex')
  FROM change_file draft WHERE draft.change_id = own
$$
--;
CREATE OR REPLACE FUNCTION change_needs_rehearsal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM rehearsal_run run WHERE run.change_id = NEW.id AND run.status = 'passed'
                 AND run.files = change_digest(NEW.id) AND run.library = library_digest()) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '变更单的案例还没有在现行版本上演练通过', HINT = 'no rehearsal has passed';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS change_rehearsed ON change
--;
CREATE TRIGGER change_rehearsed BEFORE UPDATE ON change FOR EACH ROW WHEN (NEW.kind = 'edit' AND NEW.status IN ('submitted', 'published') AND OLD.status <> NEW.status) EXECUTE FUNCTION change_needs_rehearsal()
--;
CREATE OR REPLACE FUNCTION change_file_needs_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM change WHERE change.status = 'open'
                 AND (change.kind = 'edit' OR TG_OP = 'INSERT')
                 AND change.id = CASE TG_OP WHEN 'DELETE' THEN OLD.change_id ELSE NEW.change_id END) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '变更单不在修改中，其中的文件不能改动', HINT = 'the change is not open';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
--;
DROP TRIGGER IF EXISTS rehearsal_run_keep_rows ON rehearsal_run
--;
CREATE TRIGGER rehearsal_run_keep_rows BEFORE DELETE OR TRUNCATE ON rehearsal_run FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS rehearsal_run_frozen_columns ON rehearsal_run
--;
CREATE TRIGGER rehearsal_run_frozen_columns BEFORE UPDATE ON rehearsal_run FOR EACH ROW WHEN (OLD.change_id IS DISTINCT FROM NEW.change_id OR OLD.files IS DISTINCT FROM NEW.files OR OLD.library IS DISTINCT FROM NEW.library OR OLD.total IS DISTINCT FROM NEW.total OR OLD.asked_by IS DISTINCT FROM NEW.asked_by OR OLD.started_at IS DISTINCT FROM NEW.started_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS rehearsal_run_status_steps ON rehearsal_run
--;
CREATE TRIGGER rehearsal_run_status_steps BEFORE UPDATE ON rehearsal_run FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>running', 'waiting>passed', 'waiting>failed', 'waiting>outdated', 'running>passed', 'running>failed', 'running>outdated')) EXECUTE FUNCTION refuse_change('允许的步骤：waiting→running、waiting→passed、waiting→failed、waiting→outdated、running→passed、running→failed、running→outdated')
--;
CREATE OR REPLACE FUNCTION rehearsal_run_needs_its_cases() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.total <> (SELECT count(*) FROM rehearsal_case played WHERE played.run_id = NEW.id
                   AND played.status IN ('passed', 'excused')) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', TABLE = TG_TABLE_NAME,
      MESSAGE = '演练中有案例没有通过，不能记为通过', HINT = 'not every case has passed';
  END IF;
  RETURN NEW;
END $$
--;
DROP TRIGGER IF EXISTS rehearsal_run_passed ON rehearsal_run
--;
CREATE TRIGGER rehearsal_run_passed BEFORE UPDATE ON rehearsal_run FOR EACH ROW WHEN (NEW.status = 'passed' AND OLD.status <> 'passed') EXECUTE FUNCTION rehearsal_run_needs_its_cases()
--;
DROP TRIGGER IF EXISTS rehearsal_case_keep_rows ON rehearsal_case
--;
CREATE TRIGGER rehearsal_case_keep_rows BEFORE DELETE OR TRUNCATE ON rehearsal_case FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS rehearsal_case_frozen_columns ON rehearsal_case
--;
CREATE TRIGGER rehearsal_case_frozen_columns BEFORE UPDATE ON rehearsal_case FOR EACH ROW WHEN (OLD.run_id IS DISTINCT FROM NEW.run_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.file IS DISTINCT FROM NEW.file OR OLD.line IS DISTINCT FROM NEW.line OR OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS rehearsal_case_status_steps ON rehearsal_case
--;
CREATE TRIGGER rehearsal_case_status_steps BEFORE UPDATE ON rehearsal_case FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>passed', 'waiting>failed', 'waiting>excused')) EXECUTE FUNCTION refuse_change('允许的步骤：waiting→passed、waiting→failed、waiting→excused')
