#!/bin/sh
# Run once by the PostgreSQL image on an empty volume: one role and one database a service.
set -eu
for service in registry contracts finance governance; do
    variable=$(printf '%s_PASSWORD' "$service" | tr '[:lower:]' '[:upper:]')
    password=$(printenv "$variable")
    psql --set ON_ERROR_STOP=1 --username postgres --set role="$service" --set password="$password" <<'SQL'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
CREATE DATABASE :"role" OWNER :"role";
REVOKE CONNECT ON DATABASE :"role" FROM PUBLIC;
SQL
done
