#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the Debian packages of packages.txt that are missing, and Kamailio's headers.
#
# usage: deps.sh BUILD-DIRECTORY
# When all is there it asks nothing of the network. No service is started by the installation.
set -eu

here=$(dirname "$0")
build=$1
packages=$(sed 's/#.*//' "$here/packages.txt")
policy=/usr/sbin/policy-rc.d

say() { echo "deps: $*"; }
die() { echo "deps: $*" >&2; exit 1; }

missing=
for p in $packages; do
	case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
	installed) ;;
	*) missing="$missing $p" ;;
	esac
done

if [ -n "$missing" ]; then
	[ "$(id -u)" = 0 ] || die "run it as root, or install these packages first:$missing"
	command -v apt-get >/dev/null || die "this needs Debian 12 and its apt-get"
	say "installing$missing"
	# A freshly installed kamailio would be started and take the SIP port: Debian's way to say no.
	if [ ! -e "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		trap 'exit 129' HUP
		trap 'exit 130' INT
		trap 'exit 143' TERM
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi
	export DEBIAN_FRONTEND=noninteractive
	mkdir -p "$build"
	log=$build/deps.log
	{
		apt-get -q update
		# shellcheck disable=SC2086 # one word for each package
		apt-get -q -y --no-install-recommends -o Dpkg::Use-Pty=0 \
			-o Dpkg::Options::=--force-confold install $missing
	} >"$log" 2>&1 </dev/null || {
		tail -n 30 "$log" >&2
		die "apt-get failed (whole output: $log): are the machine's package sources reachable?"
	}
	say "packages installed"
fi
"$here/kamailio-headers.sh" "$build/kamailio-src"
