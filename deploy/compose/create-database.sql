-- Makes the database of ingestd, the role that owns it and the one that Grafana asks with, at the first start of the
-- server.
CREATE ROLE ingestd LOGIN;
CREATE DATABASE teams OWNER ingestd ENCODING 'UTF8' TEMPLATE template0;

\set password `cat /run/secrets/reader`
CREATE ROLE grafana LOGIN PASSWORD :'password';
ALTER ROLE grafana SET statement_timeout = '60s';
