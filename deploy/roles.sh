#!/bin/sh
# Run once by the postgres image, as superuser, when the cluster is new: the owner of the tables,
# who only migrates, and the application's role, which owns nothing.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
    --set=owner_password="$OWNER_PASSWORD" --set=app_password="$APP_PASSWORD" <<'SQL'
CREATE ROLE blao_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE blao_app LOGIN PASSWORD :'app_password';
CREATE DATABASE blao OWNER blao_owner;
SQL
