DROP TRIGGER IF EXISTS death_grant_keep_rows ON death_grant
--;
CREATE TRIGGER death_grant_keep_rows BEFORE DELETE OR TRUNCATE ON death_grant FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS death_grant_frozen_columns ON death_grant
--;
CREATE TRIGGER death_grant_frozen_columns BEFORE UPDATE ON death_grant FOR EACH ROW WHEN (OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.grant_id IS DISTINCT FROM NEW.grant_id OR OLD.applicant_id IS DISTINCT FROM NEW.applicant_id OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.relation IS DISTINCT FROM NEW.relation OR OLD.other_fund IS DISTINCT FROM NEW.other_fund OR OLD.applied_on IS DISTINCT FROM NEW.applied_on OR OLD.channel IS DISTINCT FROM NEW.channel OR OLD.entered_by IS DISTINCT FROM NEW.entered_by OR OLD.account IS DISTINCT FROM NEW.account OR OLD.account_index IS DISTINCT FROM NEW.account_index OR OLD.account_name IS DISTINCT FROM NEW.account_name) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS death_grant_set_once ON death_grant
--;
CREATE TRIGGER death_grant_set_once BEFORE UPDATE ON death_grant FOR EACH ROW WHEN ((OLD.died_on IS NOT NULL AND OLD.died_on IS DISTINCT FROM NEW.died_on) OR (OLD.funeral_fen IS NOT NULL AND OLD.funeral_fen IS DISTINCT FROM NEW.funeral_fen) OR (OLD.dependants_fen IS NOT NULL AND OLD.dependants_fen IS DISTINCT FROM NEW.dependants_fen) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS death_grant_status_steps ON death_grant
--;
CREATE TRIGGER death_grant_status_steps BEFORE UPDATE ON death_grant FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>granted', 'open>refused', 'open>withdrawn')) EXECUTE FUNCTION refuse_change('允许的步骤：open→granted、open→refused、open→withdrawn')
--;
DROP TRIGGER IF EXISTS employer_roster_keep_rows ON employer_roster
--;
CREATE TRIGGER employer_roster_keep_rows BEFORE DELETE OR TRUNCATE ON employer_roster FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS employer_roster_frozen_columns ON employer_roster
--;
CREATE TRIGGER employer_roster_frozen_columns BEFORE UPDATE ON employer_roster FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.region IS DISTINCT FROM NEW.region OR OLD.year IS DISTINCT FROM NEW.year OR OLD.as_of IS DISTINCT FROM NEW.as_of OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.source IS DISTINCT FROM NEW.source OR OLD.taken_by IS DISTINCT FROM NEW.taken_by OR OLD.taken_at IS DISTINCT FROM NEW.taken_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS employer_roster_status_steps ON employer_roster
--;
CREATE TRIGGER employer_roster_status_steps BEFORE UPDATE ON employer_roster FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('loading>current', 'current>superseded')) EXECUTE FUNCTION refuse_change('允许的步骤：loading→current、current→superseded')
--;
DROP TRIGGER IF EXISTS employer_year_insert_only ON employer_year
--;
CREATE TRIGGER employer_year_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON employer_year FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS employer_listing_insert_only ON employer_listing
--;
CREATE TRIGGER employer_listing_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON employer_listing FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS screen_run_keep_rows ON screen_run
--;
CREATE TRIGGER screen_run_keep_rows BEFORE DELETE OR TRUNCATE ON screen_run FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS screen_run_frozen_columns ON screen_run
--;
CREATE TRIGGER screen_run_frozen_columns BEFORE UPDATE ON screen_run FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.year IS DISTINCT FROM NEW.year OR OLD.round IS DISTINCT FROM NEW.round OR OLD.day IS DISTINCT FROM NEW.day OR OLD.roster_id IS DISTINCT FROM NEW.roster_id OR OLD.started_by IS DISTINCT FROM NEW.started_by OR OLD.started_at IS DISTINCT FROM NEW.started_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS screen_run_status_steps ON screen_run
--;
CREATE TRIGGER screen_run_status_steps BEFORE UPDATE ON screen_run FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('running>done')) EXECUTE FUNCTION refuse_change('允许的步骤：running→done')
--;
DROP TRIGGER IF EXISTS screen_roster_insert_only ON screen_roster
--;
CREATE TRIGGER screen_roster_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screen_roster FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS screen_listing_insert_only ON screen_listing
--;
CREATE TRIGGER screen_listing_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screen_listing FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS screen_figure_insert_only ON screen_figure
--;
CREATE TRIGGER screen_figure_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screen_figure FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS screen_part_keep_rows ON screen_part
--;
CREATE TRIGGER screen_part_keep_rows BEFORE DELETE OR TRUNCATE ON screen_part FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS screen_part_frozen_columns ON screen_part
--;
CREATE TRIGGER screen_part_frozen_columns BEFORE UPDATE ON screen_part FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.run_id IS DISTINCT FROM NEW.run_id OR OLD.number IS DISTINCT FROM NEW.number OR OLD.first_employer IS DISTINCT FROM NEW.first_employer OR OLD.last_employer IS DISTINCT FROM NEW.last_employer) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS screen_part_set_once ON screen_part
--;
CREATE TRIGGER screen_part_set_once BEFORE UPDATE ON screen_part FOR EACH ROW WHEN ((OLD.digest IS NOT NULL AND OLD.digest IS DISTINCT FROM NEW.digest) OR (OLD.done_at IS NOT NULL AND OLD.done_at IS DISTINCT FROM NEW.done_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS screen_part_status_steps ON screen_part
--;
CREATE TRIGGER screen_part_status_steps BEFORE UPDATE ON screen_part FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('waiting>done')) EXECUTE FUNCTION refuse_change('允许的步骤：waiting→done')
--;
DROP TRIGGER IF EXISTS screen_decision_insert_only ON screen_decision
--;
CREATE TRIGGER screen_decision_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON screen_decision FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
