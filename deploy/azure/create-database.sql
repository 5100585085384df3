-- Makes the role of the managed identity and its database, unless they are there. For psql, as Entra administrator.
SELECT pgaadauth_create_principal('ingestd', false, false)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ingestd');

GRANT ingestd TO CURRENT_USER;

SELECT 'CREATE DATABASE teams OWNER ingestd ENCODING ''UTF8'' TEMPLATE template0'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'teams')
\gexec
