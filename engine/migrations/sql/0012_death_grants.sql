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
