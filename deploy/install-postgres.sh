#!/bin/sh
# Installs the PostgreSQL server with the system's package manager, unless one
# that ingestd supports is there. The demo and the tests start a private
# cluster from its binaries; no cluster or service of the system is set up.
set -eu

oldest=15

say() { echo "install-postgres: $*" >&2; }

fail() {
	say "$*"
	exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# The folders internal/pgserver looks into, and the same demands.
found() {
	path=$(echo "$PATH" | tr ':' ' ')
	# shellcheck disable=SC2046,SC2086 # the words and patterns are to be expanded
	for folder in $(pg_config --bindir 2>/dev/null) $path \
		/usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/lib/postgresql*/bin /usr/libexec/postgresql* \
		/opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
		if [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ]; then
			major=$("$folder/postgres" --version 2>/dev/null | sed -n 's/.*(PostgreSQL) \([0-9][0-9]*\).*/\1/p')
			if [ "${major:-0}" -ge "$oldest" ]; then return 0; fi
		fi
	done
	return 1
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif has sudo; then
		sudo "$@"
	else
		fail "needs root or sudo to run: $*"
	fi
}

install_deb() {
	# The package would create and start a cluster of the system's own.
	if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
		as_root mkdir -p /etc/postgresql-common
		echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
	fi
	set -- env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql
	# Package lists are fetched only where they are missing or out of date.
	as_root "$@" || { as_root apt-get update -qq && as_root "$@"; }
}

install_rpm() { # $1: dnf or yum
	# Enterprise Linux 8 and 9 give an older server unless a newer module is chosen.
	as_root "$1" -y module enable postgresql:16 >/dev/null 2>&1 || true
	as_root "$1" -y install postgresql-server
}

if found; then exit 0; fi

for manager in apt-get dnf yum zypper pacman apk brew none; do
	if has "$manager"; then break; fi
done
if [ "$manager" = none ]; then
	fail "none of this system's package managers is known; install a PostgreSQL server $oldest or later by hand"
fi
say "installing the PostgreSQL server with $manager"
case $manager in
apt-get) install_deb ;;
dnf | yum) install_rpm "$manager" ;;
zypper) as_root zypper --non-interactive install postgresql-server ;;
pacman) as_root pacman -Sy --noconfirm --needed postgresql ;;
apk) as_root apk add --no-cache postgresql ;;
brew) brew install postgresql@17 ;;
esac
found || fail "the package holds no PostgreSQL server $oldest or later; see https://www.postgresql.org/download/"
