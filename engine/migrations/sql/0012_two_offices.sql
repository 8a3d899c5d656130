DROP TRIGGER IF EXISTS exchange_message_keep_rows ON exchange_message
--;
CREATE TRIGGER exchange_message_keep_rows BEFORE DELETE OR TRUNCATE ON exchange_message FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS exchange_message_frozen_columns ON exchange_message
--;
CREATE TRIGGER exchange_message_frozen_columns BEFORE UPDATE ON exchange_message FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.direction IS DISTINCT FROM NEW.direction OR OLD.peer IS DISTINCT FROM NEW.peer OR OLD.number IS DISTINCT FROM NEW.number OR OLD.key IS DISTINCT FROM NEW.key OR OLD.transfer_number IS DISTINCT FROM NEW.transfer_number OR OLD.step IS DISTINCT FROM NEW.step OR OLD.kind IS DISTINCT FROM NEW.kind OR OLD.digest IS DISTINCT FROM NEW.digest OR OLD.signature IS DISTINCT FROM NEW.signature OR OLD.body_cipher IS DISTINCT FROM NEW.body_cipher OR OLD.sent_at IS DISTINCT FROM NEW.sent_at OR OLD.created_at IS DISTINCT FROM NEW.created_at) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS exchange_message_set_once ON exchange_message
--;
CREATE TRIGGER exchange_message_set_once BEFORE UPDATE ON exchange_message FOR EACH ROW WHEN ((OLD.acked_at IS NOT NULL AND OLD.acked_at IS DISTINCT FROM NEW.acked_at) OR (OLD.heard_at IS NOT NULL AND OLD.heard_at IS DISTINCT FROM NEW.heard_at) OR (OLD.case_id IS NOT NULL AND OLD.case_id IS DISTINCT FROM NEW.case_id)) EXECUTE FUNCTION refuse_change('签过的步骤不得改写')
--;
DROP TRIGGER IF EXISTS exchange_message_outcome_steps ON exchange_message
--;
CREATE TRIGGER exchange_message_outcome_steps BEFORE UPDATE ON exchange_message FOR EACH ROW WHEN (OLD.outcome IS DISTINCT FROM NEW.outcome AND (OLD.outcome || '>' || NEW.outcome) NOT IN ('>heard', '>contradicted')) EXECUTE FUNCTION refuse_change('允许的步骤：→heard、→contradicted')
--;
DROP TRIGGER IF EXISTS exchange_fault_insert_only ON exchange_fault
--;
CREATE TRIGGER exchange_fault_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_fault FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS exchange_statement_insert_only ON exchange_statement
--;
CREATE TRIGGER exchange_statement_insert_only BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange_statement FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
--;
DROP TRIGGER IF EXISTS rights_transfer_keep_rows ON rights_transfer
--;
CREATE TRIGGER rights_transfer_keep_rows BEFORE DELETE OR TRUNCATE ON rights_transfer FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('记录须保留')
--;
DROP TRIGGER IF EXISTS rights_transfer_frozen_columns ON rights_transfer
--;
CREATE TRIGGER rights_transfer_frozen_columns BEFORE UPDATE ON rights_transfer FOR EACH ROW WHEN (OLD.id IS DISTINCT FROM NEW.id OR OLD.transfer_number IS DISTINCT FROM NEW.transfer_number OR OLD.side IS DISTINCT FROM NEW.side OR OLD.case_id IS DISTINCT FROM NEW.case_id OR OLD.person_id IS DISTINCT FROM NEW.person_id OR OLD.from_region IS DISTINCT FROM NEW.from_region OR OLD.to_region IS DISTINCT FROM NEW.to_region) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
DROP TRIGGER IF EXISTS rights_transfer_status_steps ON rights_transfer
--;
CREATE TRIGGER rights_transfer_status_steps BEFORE UPDATE ON rights_transfer FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status AND (OLD.status || '>' || NEW.status) NOT IN ('open>moved', 'open>credited', 'open>settled', 'open>refused', 'open>withdrawn', 'moved>in_transit', 'moved>settled', 'credited>in_transit', 'in_transit>settled')) EXECUTE FUNCTION refuse_change('允许的步骤：open→moved、open→credited、open→settled、open→refused、open→withdrawn、moved→in_transit、moved→settled、credited→in_transit、in_transit→settled')
