DROP TRIGGER IF EXISTS stored_file_insert_only ON stored_file
--;
CREATE TRIGGER stored_file_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON stored_file FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS calendar_day_insert_only ON calendar_day
--;
CREATE TRIGGER calendar_day_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON calendar_day FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
