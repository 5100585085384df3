#!/bin/sh
# Installs what the tests of the page need, unless it is there: Chromium, with
# the system's package manager, and axe-core, which checks accessibility, from
# the npm registry into .tools. Nothing of it is part of the program.
set -eu
cd "$(dirname "$0")/.."

axe=4.14.1

say() { echo "install-browser: $*" >&2; }

fail() {
	say "$*"
	exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

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
	set -- env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-inter
	# Package lists are fetched only where they are missing or out of date.
	as_root "$@" || { as_root apt-get update -qq && as_root "$@"; }
}

# The names under which the tests look for a browser.
found() { has chromium || has chromium-browser || has google-chrome; }

if ! found; then
	for manager in apt-get dnf pacman apk brew none; do
		if has "$manager"; then break; fi
	done
	say "installing Chromium with $manager"
	case $manager in
	apt-get) install_deb ;;
	dnf) as_root dnf -y install chromium ;;
	pacman) as_root pacman -Sy --noconfirm --needed chromium ;;
	apk) as_root apk add --no-cache chromium font-inter ;;
	brew) brew install --cask chromium ;;
	none) fail "none of this system's package managers is known; install Chromium by hand" ;;
	esac
	found || fail "the package holds no browser that the tests would find"
fi

if [ ! -f ".tools/axe-core-$axe.js" ]; then
	has npm || fail "npm is needed to fetch axe-core"
	say "fetching axe-core $axe"
	folder=$(mktemp -d)
	(cd "$folder" && npm pack --silent "axe-core@$axe" >/dev/null && tar -xzf "axe-core-$axe.tgz" package/axe.min.js)
	mkdir -p .tools
	mv "$folder/package/axe.min.js" ".tools/axe-core-$axe.js"
	rm -r "$folder"
fi
