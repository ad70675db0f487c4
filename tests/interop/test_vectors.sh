#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every sample that `vectors` writes, read by tshark: it must see the message that the file's name says, and nothing
# malformed. docs/vectors.md lists where tshark is wrong.
cd "$(dirname "$0")/../.." || exit 1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

n=0
ok() { # ok HELD WHAT: HELD is a command's exit code
	n=$((n + 1))
	if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

# The requests and answers of RFC 6940, 14.8, and the error.
names=
for method in probe attach store fetch find join leave update route_query ping stat app_attach config_update exp_a \
	exp_b; do
	names="$names ${method}_req ${method}_ans"
done
names="$names error"

# The lines in which tshark complains of what it read. It does not know the identity type none (3), which RFC 6940,
# 7.4.2.2 prescribes for a value that the storing peer synthesizes: only there that complaint is none of ours.
complaints() { # complaints NAME TEXT
	known='^$'
	[ "$1" != fetch_ans_synthesized ] || known='Unknown identity type'
	grep -iE 'malformed|expert info' "$2" | grep -vE "$known"
}

# tshark's name of the message, as it prints it behind the code.
shown_code() { # shown_code TEXT
	sed -n -e 's/.*message_code (uint16): [0-9]* (\([a-z_]*\)).*/\1/p' \
		-e 's/.*message_code (uint16): Error.*/error/p' "$1"
}

timeout 60 build/vectors "$dir/vectors"
ok $? "vectors writes its samples"

# One capture with a packet for each file; ports of its own make each a conversation of its own.
port=40000
for file in "$dir"/vectors/*.bin "$dir"/vectors/variants/*.bin; do
	port=$((port + 1))
	od -Ax -tx1 -v "$file" | text2pcap -q -u "40000,$port" - "$dir/$port.pcap" 2>/dev/null
	basename "$file" .bin >>"$dir/list"
done
mergecap -a -w "$dir/all.pcap" "$dir"/4*.pcap &&
	timeout 60 tshark -r "$dir/all.pcap" -O reload 2>/dev/null |
	awk -v dir="$dir" '/^Frame [0-9]+:/ { file = dir "/text." int($2) } { print >file }'

frame=0
while read -r name; do
	frame=$((frame + 1))
	text=$dir/text.$frame
	code=$name
	for candidate in $names; do
		case $name in "$candidate"_*) code=$candidate ;; esac
	done
	[ "$(shown_code "$text")" = "$code" ]
	ok $? "tshark reads $name as $code"
	complaints "$name" "$text" >"$dir/complaints"
	[ ! -s "$dir/complaints" ]
	ok $? "nothing in $name is malformed"
	[ ! -s "$dir/complaints" ] || sed 's/^/# /' "$dir/complaints"
done <"$dir/list"

# Fragments in one conversation: the last one completes the message.
for file in "$dir"/vectors/fragments/*.bin; do
	od -Ax -tx1 -v "$file" | text2pcap -q -u 40000,40000 - "$file.pcap" 2>/dev/null
done
mergecap -a -w "$dir/fragments.pcap" "$dir"/vectors/fragments/*.pcap &&
	timeout 60 tshark -r "$dir/fragments.pcap" -O reload >"$dir/text.fragments" 2>/dev/null
[ "$(shown_code "$dir/text.fragments")" = config_update_req ]
ok $? "tshark reads config_update_req out of its fragments"
complaints fragments "$dir/text.fragments" >"$dir/complaints"
[ ! -s "$dir/complaints" ]
ok $? "nothing in the fragments is malformed"

# Frames, in one TCP stream.
cat "$dir"/vectors/frames/data.bin "$dir"/vectors/frames/ack.bin | od -Ax -tx1 -v |
	text2pcap -q -T 40000,6084 - "$dir/frames.pcap" 2>/dev/null
timeout 60 tshark -r "$dir/frames.pcap" -O reload,reload-framing >"$dir/text.frames" 2>/dev/null
[ "$(grep -c '^REsource LOcation And Discovery Framing: \(DATA\|ACK\)' "$dir/text.frames")" = 2 ] &&
	[ "$(shown_code "$dir/text.frames")" = ping_req ]
ok $? "tshark reads a data frame with ping_req in it, and an ACK"
complaints frames "$dir/text.frames" >"$dir/complaints"
[ ! -s "$dir/complaints" ]
ok $? "nothing in the frames is malformed"

# Nothing was written that is not in the list above.
[ "$(find "$dir/vectors" -maxdepth 1 -name '*.bin' | wc -l)" = "$(echo "$names" | wc -w)" ]
ok $? "one sample of each message and no other"
echo "1..$n"
