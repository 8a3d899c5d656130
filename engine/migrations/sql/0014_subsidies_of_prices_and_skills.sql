DROP TRIGGER IF EXISTS skill_screening_keep_rows ON skill_screening
--;
CREATE TRIGGER skill_screening_keep_rows BEFORE DELETE OR TRUNCATE ON skill_screening FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS skill_screening_frozen_columns ON skill_screening
--;
CREATE TRIGGER skill_screening_frozen_columns BEFORE UPDATE ON skill_screening FOR EACH ROW WHEN (OLD.certificate_id IS DISTINCT FROM NEW.certificate_id) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS skill_subsidy_keep_rows ON skill_subsidy
--;
CREATE TRIGGER skill_subsidy_keep_rows BEFORE DELETE OR TRUNCATE ON skill_subsidy FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS skill_subsidy_frozen_columns ON skill_subsidy
--;
CREATE TRIGGER skill_subsidy_frozen_columns BEFORE UPDATE ON skill_subsidy FOR EACH ROW WHEN (OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.certificate_number IS DISTINCT FROM NEW.certificate_number OR OLD.region_code IS DISTINCT FROM NEW.region_code OR OLD.applied_on IS DISTINCT FROM NEW.applied_on OR OLD.channel IS DISTINCT FROM NEW.channel OR OLD.entered_by IS DISTINCT FROM NEW.entered_by) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS skill_subsidy_set_once ON skill_subsidy
--;
CREATE TRIGGER skill_subsidy_set_once BEFORE UPDATE ON skill_subsidy FOR EACH ROW WHEN ((OLD.amount_fen IS NOT NULL AND OLD.amount_fen IS DISTINCT FROM NEW.amount_fen) OR (OLD.decided_at IS NOT NULL AND OLD.decided_at IS DISTINCT FROM NEW.decided_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS skill_subsidy_status_steps ON skill_subsidy
--;
CREATE TRIGGER skill_subsidy_status_steps BEFORE UPDATE ON skill_subsidy FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>ordered', 'open>refused', 'open>lapsed')) EXECUTE FUNCTION refuse_change('允许的步骤：open→ordered、open→refused、open→lapsed')
--;
DROP TRIGGER IF EXISTS price_index_keep_rows ON price_index
--;
CREATE TRIGGER price_index_keep_rows BEFORE DELETE OR TRUNCATE ON price_index FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS price_index_frozen_columns ON price_index
--;
CREATE TRIGGER price_index_frozen_columns BEFORE UPDATE ON price_index FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.region IS DISTINCT FROM NEW.region OR OLD.month IS DISTINCT FROM NEW.month OR OLD.cpi_rise IS DISTINCT FROM NEW.cpi_rise OR OLD.food_rise IS DISTINCT FROM NEW.food_rise OR OLD.low_income_rise IS DISTINCT FROM NEW.low_income_rise OR OLD.living_allowance_fen IS DISTINCT FROM NEW.living_allowance_fen OR OLD.published_on IS DISTINCT FROM NEW.published_on OR OLD.source IS DISTINCT FROM NEW.source OR OLD.entered_by IS DISTINCT FROM NEW.entered_by OR OLD.entered_at IS DISTINCT FROM NEW.entered_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS price_index_set_once ON price_index
--;
CREATE TRIGGER price_index_set_once BEFORE UPDATE ON price_index FOR EACH ROW WHEN ((OLD.confirmed_by IS NOT NULL AND OLD.confirmed_by IS DISTINCT FROM NEW.confirmed_by) OR (OLD.confirmed_at IS NOT NULL AND OLD.confirmed_at IS DISTINCT FROM NEW.confirmed_at)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS price_index_status_steps ON price_index
--;
CREATE TRIGGER price_index_status_steps BEFORE UPDATE ON price_index FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('entered>confirmed', 'entered>rejected', 'confirmed>withdrawn')) EXECUTE FUNCTION refuse_change('允许的步骤：entered→confirmed、entered→rejected、confirmed→withdrawn')
--;
DROP TRIGGER IF EXISTS certificate_roster_insert_only ON certificate_roster
--;
CREATE TRIGGER certificate_roster_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON certificate_roster FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS skill_certificate_keep_rows ON skill_certificate
--;
CREATE TRIGGER skill_certificate_keep_rows BEFORE DELETE OR TRUNCATE ON skill_certificate FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
