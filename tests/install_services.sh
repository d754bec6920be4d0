#!/bin/sh
# Install what tests drive: Debian's Chromium with Chinese fonts for the page tests, PostgreSQL for the database tests.
# Needs root; otherwise says so and goes on.
set -eu
wanted=""
command -v chromium >/dev/null 2>&1 && fc-list 2>/dev/null | grep -q "CJK" || wanted="chromium fonts-noto-cjk fontconfig"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || command -v postgres >/dev/null 2>&1 || wanted="$wanted postgresql"
[ -n "$wanted" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "not root or no apt-get: tests will skip unless these are installed: $wanted" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# The tests start a server of their own: none is wanted beside it.
mkdir -p /etc/postgresql-common
[ -e /etc/postgresql-common/createcluster.conf ] || echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf
apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
apt-get install -y -qq --no-install-recommends $wanted >/dev/null
