-- SPDX-License-Identifier: GPL-2.0-or-later
-- Hands what a TLS connection on port 6084 carries to Wireshark's dissector of RELOAD framing (RFC 6940, 6.6.2),
-- which registers itself for plain TCP and DTLS only.
local framing = Dissector.get("reload-framing")
local inside = Proto("reload_in_tls", "RELOAD framing inside TLS")
local DATA, HEADER, ACK = 128, 8, 9

local function frame_length(buffer, _, offset)
	if buffer(offset, 1):uint() == DATA then
		return HEADER + buffer(offset + 5, 3):uint()
	end
	return ACK
end

local function frame(buffer, packet, tree)
	framing:call(buffer, packet, tree)
	return buffer:len()
end

function inside.dissector(buffer, packet, tree)
	dissect_tcp_pdus(buffer, tree, ACK, frame_length, frame)
	return buffer:len()
end

DissectorTable.get("tls.port"):add(6084, inside)
