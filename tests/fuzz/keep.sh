#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Replaces the kept inputs of targets (tests/fuzz/corpus) by the fewest that reach as much as they, the first inputs
# (build/seeds, build/vectors) and what soak.sh has found (build/fuzz/corpus) reach together.
# usage: keep.sh [TARGET...]
set -eu
cd "$(dirname "$0")/../.."
make -s -j"$(nproc)" fuzz
make -s FUZZ=1 build/fuzz/seeds build/fuzz/vectors
export G_SLICE=always-malloc

first=build/fuzz/first
rm -rf "$first"
mkdir -p "$first"/message "$first"/vectors
ASAN_OPTIONS=detect_leaks=0 build/fuzz/seeds "$first"
ASAN_OPTIONS=detect_leaks=0 build/fuzz/vectors "$first"/vectors
find "$first"/vectors -name '*.bin' -exec cp {} "$first"/message/ \;
[ $# -gt 0 ] || for source in tests/fuzz/fuzz_*.c; do
	target=$(basename "$source" .c)
	set -- "$@" "${target#fuzz_}"
done
for target in "$@"; do
	kept=tests/fuzz/corpus/$target
	new=build/fuzz/kept/$target
	rm -rf "$new"
	mkdir -p "$new" "$kept" "$first/$target" build/fuzz/corpus/"$target"
	# Of the node's, one for each edge: how often each is passed differs in thousands of ways.
	case $target in node) counters=0 ;; *) counters=1 ;; esac
	build/fuzz/replay/fuzz_"$target" -use_counters=$counters -set_cover_merge=1 -max_len=4096 "$new" "$kept" "$first/$target" \
		build/fuzz/corpus/"$target" >build/fuzz/"$target".keep.log 2>&1
	rm -f "$kept"/*
	cp "$new"/* "$kept"/
	echo "$target: $(find "$kept" -type f | wc -l) inputs, $(cat "$kept"/* | wc -c) bytes"
done
