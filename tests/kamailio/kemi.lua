-- SPDX-License-Identifier: GPL-2.0-or-later
-- The module's functions from a KEMI script: registering, calling phones here and at other edges.

MOVED = 1 -- a message flag

function ksr_request_route()
	if KSR.pv.get("$p2psip(on_overlay)") == 1 then
		from_overlay()
		return 1
	end
	KSR.force_rport()
	if KSR.p2psip.sane() < 0 then
		KSR.sl.sl_send_reply(403, "Forbidden")
		return 1
	end
	if cancel_or_dialog() then
		return 1
	end
	if KSR.is_ACK() then
		return 1
	end
	if KSR.auth_db.auth_check(KSR.pv.get("$fd"), "subscriber", 1) < 0 then
		KSR.auth.auth_challenge(KSR.pv.get("$fd"), 0)
		return 1
	end
	if KSR.is_REGISTER() then
		if KSR.p2psip.register("ksr_registered") ~= 0 then
			ksr_registered()
		end
		return 1
	end
	if KSR.is_INVITE() then
		KSR.p2psip.record_route()
	end
	if KSR.registrar.lookup("location") > 0 then
		KSR.tm.t_relay()
		KSR.p2psip.fork(KSR.pv.get("$ou"))
		return 1
	end
	if KSR.p2psip.lookup("ksr_found") ~= 0 then
		ksr_found()
	end
	return 1
end

function ksr_registered()
	if KSR.pv.get("$p2psip(rc)") < 0 then
		KSR.sl.send_reply(503, KSR.pv.get("$p2psip(status)"))
	elseif KSR.registrar.save("location", 0) < 0 then
		KSR.p2psip.withdraw()
	end
	return 1
end

function ksr_found()
	if KSR.pv.get("$p2psip(status)") == "ok" then
		KSR.tm.t_relay()
	else
		KSR.sl.send_reply(404, "Not Found")
	end
	return 1
end

function cancel_or_dialog()
	if KSR.is_CANCEL() then
		if KSR.tm.t_check_trans() > 0 then
			KSR.tm.t_relay()
		end
		return true
	end
	if KSR.siputils.has_totag() < 0 then
		return false
	end
	if KSR.rr.loose_route() > 0 then
		if KSR.p2psip.route_dialog("ksr_dialog") ~= 0 then
			ksr_dialog()
		end
	elseif KSR.is_ACK() and KSR.tm.t_check_trans() > 0 then
		KSR.tm.t_relay()
	end
	return true
end

function ksr_dialog()
	local status = KSR.pv.get("$p2psip(status)")
	if status == "ok" then
		KSR.tm.t_relay()
	elseif status == "refused" and not KSR.is_ACK() and KSR.pv.get("$p2psip(on_overlay)") == 0 and
			not KSR.isflagset(MOVED) then
		moved()
	elseif not KSR.is_ACK() then
		KSR.sl.send_reply(403, "Forbidden")
	end
	return 1
end

-- A phone that is at another address than before the call, perhaps.
function moved()
	KSR.setflag(MOVED)
	if KSR.auth_db.auth_check(KSR.pv.get("$fd"), "subscriber", 1) < 0 then
		KSR.auth.auth_challenge(KSR.pv.get("$fd"), 0)
		return
	end
	KSR.auth.consume_credentials()
	KSR.p2psip.note_phone()
	if KSR.p2psip.route_dialog("ksr_dialog") ~= 0 then
		ksr_dialog()
	end
end

function from_overlay()
	if KSR.p2psip.from_overlay() < 0 or cancel_or_dialog() then
		return
	end
	if KSR.registrar.registered("location") < 0 then
		KSR.sl.sl_send_reply(404, "Not Found")
		return
	end
	if KSR.is_INVITE() then
		KSR.p2psip.record_route()
	end
	if KSR.p2psip.identify("ksr_deliver") ~= 0 then
		ksr_deliver()
	end
end

function ksr_deliver()
	if KSR.pv.get("$p2psip(from_ok)") == 1 then
		KSR.hdr.append("P-Asserted-Identity: <" .. KSR.pv.get("$fu") .. ">\r\n")
	end
	if KSR.registrar.lookup("location") > 0 then
		KSR.tm.t_relay()
	else
		KSR.sl.send_reply(404, "Not Found")
	end
	return 1
end

function ksr_reply_route()
	if KSR.pv.get("$p2psip(on_overlay)") == 1 and KSR.p2psip.from_overlay() < 0 then
		KSR.set_drop()
	elseif KSR.tm.t_check_trans() < 0 and KSR.p2psip.known_answer() < 0 then
		KSR.set_drop()
	end
	return 1
end
