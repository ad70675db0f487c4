#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The kept inputs of every fuzz target, replayed in both builds: what was once a crash stays none.
cd "$(dirname "$0")/../.." || exit 1
export G_SLICE=always-malloc # AddressSanitizer sees GLib's slices too
n=0
for corpus in tests/fuzz/corpus/*/; do
	target=$(basename "$corpus")
	kept=$(find "$corpus" -type f | wc -l)
	for build in build build/asan; do
		n=$((n + 1))
		began=$(date +%s%N)
		said=$(timeout 120 $build/replay/fuzz_"$target" "$corpus" 2>&1)
		status=$?
		took=$((($(date +%s%N) - began) / 1000000))
		if [ $status = 0 ] && [ "$(echo "$said" | tail -n 1)" = "$kept inputs" ]; then
			echo "ok $n - $target: $kept inputs, $build # $took ms"
		else
			echo "not ok $n - $target: $kept inputs, $build"
			echo "$said" | tail -n 30 | sed 's/^/# /'
		fi
	done
done
# No target without inputs.
n=$((n + 1))
missing=
for source in tests/fuzz/fuzz_*.c; do
	target=$(basename "$source" .c)
	[ -n "$(ls tests/fuzz/corpus/"${target#fuzz_}" 2>/dev/null)" ] || missing="$missing $target"
done
if [ -z "$missing" ]; then echo "ok $n - every target has inputs"; else echo "not ok $n - no inputs:$missing"; fi
echo "1..$n"
