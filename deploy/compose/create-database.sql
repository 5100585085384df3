-- Makes the database of ingestd and the role that owns it, at the first start of the server.
CREATE ROLE ingestd LOGIN;
CREATE DATABASE teams OWNER ingestd ENCODING 'UTF8' TEMPLATE template0;
