#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs every fuzz target with libFuzzer on all cores, one after the other, and stops at the first crash, leak, time-out
# or input that takes too much memory. Prints executions and coverage of each. New inputs are kept in build/fuzz/corpus.
# usage: soak.sh SECONDS [TARGET...]
set -eu
cd "$(dirname "$0")/../.."

case ${1:-} in
'' | *[!0-9]*)
	echo "usage: ./run soak fuzz SECONDS [TARGET...]" >&2
	exit 2
	;;
esac
seconds=$1
shift
[ $# -gt 0 ] || set -- message node storage document certificate framing sip edge_protocol aor_gruu
make -s -j"$(nproc)" fuzz
# Where fragments of allocations are kept by GLib, AddressSanitizer sees no use after free. One input's freed memory
# fits into the quarantine many times; the stacks of allocations are in what build/asan/replay says of the input.
export G_SLICE=always-malloc
export ASAN_OPTIONS=malloc_context_size=1:quarantine_size_mb=4:max_malloc_fill_size=64:allocator_release_to_os_interval_ms=-1

# The two that matter most get five times what the others do.
weight() { case $1 in message | node) echo 5 ;; *) echo 1 ;; esac; }
whole=0
for target in "$@"; do whole=$((whole + $(weight "$target"))); done

printf '%-14s %12s %8s %8s %8s\n' target executions cov ft inputs
for target in "$@"; do
	work=build/fuzz/corpus/$target
	log=build/fuzz/$target.log
	share=$((seconds * $(weight "$target") / whole))
	mkdir -p "$work"
	set --
	[ ! -f tests/fuzz/"$target".dict ] || set -- -dict=tests/fuzz/"$target".dict
	# Decoders hold no more than the message has: what one input may allocate at once is small.
	# Statistics for its entropy took half of the time of the target with the most features.
	if ! build/fuzz/replay/fuzz_"$target" -entropic=0 "$@" -fork="$(nproc)" -max_total_time=$((share > 5 ? share : 5)) \
		-max_len=4096 -timeout=5 -rss_limit_mb=1024 -malloc_limit_mb=16 \
		-artifact_prefix="build/fuzz/$target-" "$work" tests/fuzz/corpus/"$target" >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		echo "$target: failed; the input is build/fuzz/$target-*, all of the output $log" >&2
		exit 1
	fi
	runs=$(sed -n 's/^#\([0-9]*\): cov: .*/\1/p' "$log" | tail -n 1)
	# With -fork, libFuzzer's "cov" is not that of edges: asked anew.
	build/fuzz/replay/fuzz_"$target" -runs=0 -max_len=4096 "$work" tests/fuzz/corpus/"$target" 2>&1 |
		sed -n 's/^#[0-9]*[[:space:]]*INITED cov: \([0-9]*\) ft: \([0-9]*\) corp: \([0-9]*\).*/\1 \2 \3/p' |
		{ read -r cov ft inputs; printf '%-14s %12s %8s %8s %8s\n' "$target" "$runs" "$cov" "$ft" "$inputs"; }
done
