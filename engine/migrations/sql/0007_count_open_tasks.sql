CREATE OR REPLACE FUNCTION count_open_tasks_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_task_delta (scope, duty, element_id, process_id, claimed, due_on, n)
    SELECT left(t.region_code, level.digits), t.duty, t.element_id, c.process_id, t.assignee IS NOT NULL,
           coalesce((t.due_at AT TIME ZONE 'Asia/Shanghai')::date, '9999-12-31'), sum(t.sign)
      FROM (SELECT *, 1 AS sign FROM after_rows) t
      JOIN workflow_case c ON c.id = t.case_id
      JOIN (VALUES (0), (2), (4), (6)) level(digits) ON level.digits <= length(t.region_code)
     WHERE t.status = 'ready'
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(t.sign) <> 0;
    RETURN NULL;
END $$
--;
DROP TRIGGER IF EXISTS workflow_task_count_open_tasks_insert ON workflow_task
--;
CREATE TRIGGER workflow_task_count_open_tasks_insert AFTER INSERT ON workflow_task
       REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION count_open_tasks_insert()
--;
CREATE OR REPLACE FUNCTION count_open_tasks_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_task_delta (scope, duty, element_id, process_id, claimed, due_on, n)
    SELECT left(t.region_code, level.digits), t.duty, t.element_id, c.process_id, t.assignee IS NOT NULL,
           coalesce((t.due_at AT TIME ZONE 'Asia/Shanghai')::date, '9999-12-31'), sum(t.sign)
      FROM (SELECT *, 1 AS sign FROM after_rows UNION ALL SELECT *, -1 AS sign FROM before_rows) t
      JOIN workflow_case c ON c.id = t.case_id
      JOIN (VALUES (0), (2), (4), (6)) level(digits) ON level.digits <= length(t.region_code)
     WHERE t.status = 'ready'
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(t.sign) <> 0;
    RETURN NULL;
END $$
--;
DROP TRIGGER IF EXISTS workflow_task_count_open_tasks_update ON workflow_task
--;
CREATE TRIGGER workflow_task_count_open_tasks_update AFTER UPDATE ON workflow_task
       REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION count_open_tasks_update()
--;
CREATE OR REPLACE FUNCTION count_open_tasks_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO open_task_delta (scope, duty, element_id, process_id, claimed, due_on, n)
    SELECT left(t.region_code, level.digits), t.duty, t.element_id, c.process_id, t.assignee IS NOT NULL,
           coalesce((t.due_at AT TIME ZONE 'Asia/Shanghai')::date, '9999-12-31'), sum(t.sign)
      FROM (SELECT *, -1 AS sign FROM before_rows) t
      JOIN workflow_case c ON c.id = t.case_id
      JOIN (VALUES (0), (2), (4), (6)) level(digits) ON level.digits <= length(t.region_code)
     WHERE t.status = 'ready'
     GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(t.sign) <> 0;
    RETURN NULL;
END $$
--;
DROP TRIGGER IF EXISTS workflow_task_count_open_tasks_delete ON workflow_task
--;
CREATE TRIGGER workflow_task_count_open_tasks_delete AFTER DELETE ON workflow_task
       REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION count_open_tasks_delete()
--;
DROP TRIGGER IF EXISTS workflow_case_frozen_columns ON workflow_case
--;
CREATE TRIGGER workflow_case_frozen_columns BEFORE UPDATE ON workflow_case FOR EACH ROW WHEN (OLD.process_id IS DISTINCT FROM NEW.process_id) EXECUTE FUNCTION refuse_change('核心栏目一经写入不得改动')
--;
INSERT INTO open_task_delta (scope, duty, element_id, process_id, claimed, due_on, n)
SELECT left(t.region_code, level.digits), t.duty, t.element_id, c.process_id, t.assignee IS NOT NULL,
       coalesce((t.due_at AT TIME ZONE 'Asia/Shanghai')::date, '9999-12-31'), count(*)
  FROM workflow_task t
  JOIN workflow_case c ON c.id = t.case_id
  JOIN (VALUES (0), (2), (4), (6)) level(digits) ON level.digits <= length(t.region_code)
 WHERE t.status = 'ready'
 GROUP BY 1, 2, 3, 4, 5, 6
