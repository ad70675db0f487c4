#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every test that fits in 15 minutes, through one prove: unit tests and the simulation (also built with ASan and
# UBSan), what the build must look like, the interoperation tests, and real Kamailios with real phones.
# usage: tests/all.sh [prove's options]
set -eu
cd "$(dirname "$0")/.."

make -s -j"$(nproc)" asan
exists() { for f in "$@"; do [ -f "$f" ] && [ -x "$f" ] && echo "$f"; done; }
# Reports of a sanitizer are failures, leaks too.
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
export G_MESSAGES_DEBUG= LC_ALL=C.UTF-8 TZ=UTC
# shellcheck disable=SC2046 # one word for each file
HARNESS_RULESFILE=tests/rules.yml exec prove -j2 -e '' --timer "$@" \
	$(make -s list-tests) $(make -s SAN=1 list-tests) \
	$(exists tests/interop/test_* tests/kamailio/test_*)
