CREATE INDEX person_role_everywhere ON person_role (role) WHERE area IS NULL AND site IS NULL;
