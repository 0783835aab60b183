#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: one role and one database a service, and one for plans of branches.
set -eu
for role in registry contracts finance governance plans; do
    variable=$(printf '%s_PASSWORD' "$role" | tr '[:lower:]' '[:upper:]')
    password=$(printenv "$variable")
    psql --set ON_ERROR_STOP=1 --username postgres --set role="$role" --set password="$password" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role";
REVOKE CONNECT ON DATABASE :"role" FROM PUBLIC;
SQL
done
