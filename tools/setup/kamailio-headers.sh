#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Fetches the headers of the installed Kamailio from the distribution's own source package
# and writes the compile flags that a module for this binary needs.
#
# usage: kamailio-headers.sh DIR
# leaves DIR/src (headers), DIR/flags.mk and, last of all, DIR/version.
#
# The source entries are derived from the machine's own apt configuration into a temporary one
# below DIR; nothing outside DIR is written.
set -eu

dir=$1
version=$(dpkg-query -W -f '${source:Version}' kamailio 2>/dev/null) || {
	echo "kamailio-headers: the package kamailio is not installed: run ./run deps" >&2
	exit 1
}
if [ "$(cat "$dir/version" 2>/dev/null)" = "$version" ]; then
	exit 0
fi
case $dir in /*) ;; *) dir=$(pwd)/$dir ;; esac
rm -rf "$dir"
mkdir -p "$dir/apt/parts" "$dir/apt/lists/partial" "$dir/apt/archives/partial" "$dir/src"

etc=$(apt-config shell d Dir::Etc/d | sed "s/^d='\(.*\)'$/\1/")
list=$(apt-config shell f Dir::Etc::sourcelist/f | sed "s/^f='\(.*\)'$/\1/")
parts=$(apt-config shell p Dir::Etc::sourceparts/d | sed "s/^p='\(.*\)'$/\1/")
: "${etc:=/etc/apt/}"

# One-line entries: every deb line gives a deb-src line, options and all.
for f in "${list:-$etc/sources.list}" "${parts:-$etc/sources.list.d}"/*.list; do
	[ -f "$f" ] || continue
	sed -n 's/^[[:space:]]*deb\([[:space:]]\)/deb-src\1/p' "$f"
done >"$dir/apt/parts/source.list"

# deb822 entries: the same stanza with another Types field; stanzas without deb are left out.
for f in "${parts:-$etc/sources.list.d}"/*.sources; do
	[ -f "$f" ] || continue
	awk 'BEGIN { RS = ""; FS = "\n" }
	{
		binary = 0; off = 0; text = ""
		for (i = 1; i <= NF; i++) {
			key = tolower($i)
			if (key ~ /^types:/) {
				binary = key ~ /[: \t]deb([ \t]|$)/
				$i = "Types: deb-src"
			}
			if (key ~ /^enabled:[ \t]*(no|false|0)/)
				off = 1
			text = text $i "\n"
		}
		if (binary && !off)
			print text
	}' "$f"
done >"$dir/apt/parts/source.sources"

apt() {
	apt-get -q \
		-o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$dir/apt/parts" \
		-o Dir::State::lists="$dir/apt/lists" -o Dir::Cache::archives="$dir/apt/archives" \
		-o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root \
		"$@"
}

# An entry of a third party may have no sources: only what comes next decides.
apt update >"$dir/apt/log" 2>&1 || :
(cd "$dir/apt" && apt source --download-only --only-source "kamailio=$version" >>log 2>&1) || {
	cat "$dir/apt/log" >&2
	echo "kamailio-headers: apt-get source kamailio=$version failed (see above):" \
		"the apt sources of this machine must offer the source of the installed kamailio" >&2
	exit 1
}
tar -xf "$dir"/apt/kamailio_*.orig.tar.* -C "$dir/src" --strip-components=1 --wildcards \
	'*/src/Makefile*' '*/src/core/*.h' '*/src/lib/*.h' '*/src/modules/*.h'

# Kamailio's own configure step says which macros its headers and the version check want. They do
# not depend on the machine but for its architecture; Debian builds with the defaults.
make -s -C "$dir/src/src" cfg prefix=/usr FLAVOUR=kamailio >"$dir/apt/log" 2>&1 || {
	cat "$dir/apt/log" >&2
	echo "kamailio-headers: kamailio's make cfg failed" >&2
	exit 1
}
{
	echo "# Written by tools/setup/kamailio-headers.sh from kamailio $version."
	sed -n 's/^C_DEFS=/KAMAILIO_DEFS := /p' "$dir/src/src/config.mak" |
		sed 's/-D\(COMPILER\|CFG_DIR\|SHARE_DIR\|RUN_DIR\)=[^ ]*"[^"]*"[^ ]*//g'
	# Not in C_DEFS but among the flags of every object (CC_PMUTEX_OPTS).
	echo "KAMAILIO_DEFS += -pthread -DKSR_PTHREAD_MUTEX_SHARED"
} >"$dir/flags.mk"
rm -rf "$dir/apt"
echo "$version" >"$dir/version"
