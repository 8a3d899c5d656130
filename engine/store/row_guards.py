"""What PostgreSQL lets a restricted session see of each table: roles, and policies of row security.

Each function returns a SQL statement for a ``ROW_GUARDS`` tuple; every statement may be run again. Which table has
which policy stands in ``engine.cases.row_security``; in whose name a session runs, in ``engine.store.sight``.
Deny by default: a table without a statement here has no grant, and a restricted session is told so.
"""

from __future__ import annotations

# roles belong to the whole server, grants and policies to a database. They are named after the owner of the tables,
# so databases of one owner share them and those of another never meet them; a clone of a database fits at once.
_ROLE_NAME = """
CREATE OR REPLACE FUNCTION office_role(word text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT 'changling_' || left(pg_get_userbyid(relowner)::text, 40) || '_' || word
    FROM pg_class WHERE oid = to_regclass('public.person')
$$
"""
# two databases may be migrated at the same moment: whoever comes second waits for the first and finds the role
_ROLES = """
DO $$
DECLARE
  word text;
  role text;
  held boolean;
BEGIN
  FOREACH word IN ARRAY ARRAY['reads', 'acts'] LOOP
    role := office_role(word);
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
      BEGIN
        EXECUTE 'CREATE ROLE ' || quote_ident(role) || ' NOLOGIN';
      EXCEPTION
        WHEN duplicate_object OR unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = '数据库用户 ' || current_user || ' 不能创建角色 ' || role || '，行级权限无法建立；请数据库管理员先执行：'
              || 'CREATE ROLE ' || quote_ident(role) || ' NOLOGIN; GRANT ' || quote_ident(role) || ' TO '
              || quote_ident(current_user) || ';',
            HINT = 'the migrating user may not create roles: let an administrator run these two statements first';
      END;
    END IF;
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = role AND (rolsuper OR rolbypassrls OR rolcanlogin)) THEN
      RAISE EXCEPTION USING ERRCODE = 'invalid_role_specification',
        MESSAGE = '角色 ' || role || ' 可以登录或绕过行级权限，不能使用', HINT = 'the role may log in or bypasses row security';
    END IF;
    IF current_setting('server_version_num')::integer >= 160000 THEN
      held := pg_has_role(current_user, role, 'SET');
    ELSE
      held := pg_has_role(current_user, role, 'MEMBER');
    END IF;
    IF NOT held THEN
      BEGIN
        EXECUTE 'GRANT ' || quote_ident(role) || ' TO ' || quote_ident(current_user);
      EXCEPTION
        WHEN unique_violation THEN NULL;
        WHEN insufficient_privilege THEN
          RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
            MESSAGE = '数据库用户 ' || current_user || ' 不能使用角色 ' || role || '；请数据库管理员先执行：GRANT '
              || quote_ident(role) || ' TO ' || quote_ident(current_user) || ';',
            HINT = 'let an administrator grant the role to the migrating user first';
      END;
    END IF;
  END LOOP;
END $$
"""
_GRANT = """
CREATE OR REPLACE FUNCTION office_grant(name text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  reads text := quote_ident(office_role('reads'));
  acts text := quote_ident(office_role('acts'));
  numbers text;
BEGIN
  EXECUTE 'GRANT SELECT ON ' || quote_ident(name) || ' TO ' || reads || ', ' || acts;
  EXECUTE 'GRANT INSERT, UPDATE, DELETE ON ' || quote_ident(name) || ' TO ' || acts;
  FOR numbers IN
    SELECT s.oid::regclass::text FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass(quote_ident(name)) AND d.deptype IN ('a', 'i')
  LOOP
    EXECUTE 'GRANT USAGE ON SEQUENCE ' || numbers || ' TO ' || acts;
  END LOOP;
END $$
"""
# without a setting each of them is NULL, and NULL sees nothing
_SETTINGS = (
    """
CREATE OR REPLACE FUNCTION office_actor() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('changling.actor', true), '')
$$
""",
    """
CREATE OR REPLACE FUNCTION office_own(kind text) RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN starts_with(office_actor(), kind || ':') THEN split_part(office_actor(), ':', 2)::bigint END
$$
""",
    """
CREATE OR REPLACE FUNCTION office_staff() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT starts_with(office_actor(), 'staff:')
$$
""",
    """
CREATE OR REPLACE FUNCTION office_reach(which text) RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NULLIF(current_setting('changling.' || which, true), '')::text[]
$$
""",
    """
CREATE OR REPLACE FUNCTION office_personal() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
  SELECT NOT office_staff() OR office_reach('people') IS NOT NULL
$$
""",
)

#: what every policy stands on; before all of them
BASIS: tuple[str, ...] = (_ROLE_NAME, _ROLES, _GRANT, *_SETTINGS)


def within(column: str, which: str = "reach") -> str:
    """The condition that the region of the row is reached; the setting is read once for a whole query."""
    return f"{column} ^@ ANY ((SELECT office_reach('{which}'))::text[])"


def seen(table: str, using: str, *, check: str = "") -> str:
    """The statement after which a restricted session sees, and writes, of the table only what the condition leaves.

    ``check``: what may be written, where it is another thing.
    """
    written = f" WITH CHECK ({check})" if check else ""
    return f"""
DO $$
BEGIN
  ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
  DROP POLICY IF EXISTS {table}_seen ON {table};
  CREATE POLICY {table}_seen ON {table} USING ({using}){written};
  PERFORM office_grant('{table}');
END $$
"""


def open_to_all(table: str) -> str:
    """The statement after which every restricted session may use the whole table: nothing in it is anybody's."""
    return f"SELECT office_grant('{table}')"


def office_only(table: str) -> str:
    """The statement after which no restricted session has anything of the table; the office's own work does."""
    return f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY"
