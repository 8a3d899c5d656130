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
