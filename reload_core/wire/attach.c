/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attach and AppAttach with their ICE candidates (RFC 6940, 6.5.1 and 6.5.2). */
#include "reload_core/wire/attach.h"

#include "reload_core/wire/list.h"

/* Tells whether list is made of whole ICE extensions. */
static bool ice_extensions_valid(ReloadSpan list)
{
	ReloadIceExtension extension;

	while (list.len > 0) {
		if (!reload_ice_extension_next(&list, &extension))
			return false;
	}
	return true;
}

/* RFC 6940, 6.5.1.1: the related address "is present only for types relay, prfix, and srflx". */
static bool has_related_address(uint8_t type)
{
	return type == RELOAD_CAND_SRFLX || type == RELOAD_CAND_PRFLX || type == RELOAD_CAND_RELAY;
}

static bool read_ice_candidate(ReloadReader *r, ReloadIceCandidate *out)
{
	memset(out, 0, sizeof(*out));
	reload_read_address(r, &out->addr_port);
	out->overlay_link = reload_read_u8(r);
	reload_read_vector8(r, &out->foundation);
	out->priority = reload_read_u32(r);
	out->type = reload_read_u8(r);
	if (has_related_address(out->type))
		reload_read_address(r, &out->rel_addr_port);
	else if (out->type != RELOAD_CAND_HOST)
		r->failed = true; /* what follows an unknown type has an unknown form */
	if (reload_read_vector16(r, &out->extensions) && !ice_extensions_valid(out->extensions))
		r->failed = true;
	return !r->failed;
}

bool reload_ice_candidate_next(ReloadSpan *candidates, ReloadIceCandidate *out)
{
	ReloadReader r = reload_reader(*candidates);

	read_ice_candidate(&r, out);
	return reload_list_advance(candidates, &r);
}

bool reload_ice_extension_next(ReloadSpan *extensions, ReloadIceExtension *out)
{
	ReloadReader r = reload_reader(*extensions);

	reload_read_vector16(&r, &out->name);
	reload_read_vector16(&r, &out->value);
	return reload_list_advance(extensions, &r);
}

/* Reads the list of candidates and validates it. RFC 6940, 6.3.1.1: a type that the select does not
 * name is told apart from other faults. */
static ReloadStatus read_candidates(ReloadReader *r, ReloadSpan *out)
{
	ReloadIceCandidate candidate;
	ReloadReader list;

	if (!reload_read_vector16(r, out))
		return RELOAD_E_MALFORMED;
	list = reload_reader(*out);
	while (reload_reader_left(&list) > 0) {
		if (!read_ice_candidate(&list, &candidate))
			return candidate.type > RELOAD_CAND_RELAY ? RELOAD_E_UNSUPPORTED
								  : RELOAD_E_MALFORMED;
	}
	return RELOAD_OK;
}

ReloadStatus reload_attach_decode(ReloadSpan body, ReloadAttach *out)
{
	ReloadReader r = reload_reader(body);
	ReloadStatus status;

	memset(out, 0, sizeof(*out));
	reload_read_vector8(&r, &out->ufrag);
	reload_read_vector8(&r, &out->password);
	reload_read_vector8(&r, &out->role);
	status = read_candidates(&r, &out->candidates);
	out->send_update = reload_read_bool(&r);
	return status != RELOAD_OK ? status : reload_reader_finish(&r);
}

ReloadStatus reload_app_attach_decode(ReloadSpan body, ReloadAppAttach *out)
{
	ReloadReader r = reload_reader(body);
	ReloadStatus status;

	memset(out, 0, sizeof(*out));
	reload_read_vector8(&r, &out->ufrag);
	reload_read_vector8(&r, &out->password);
	out->application = reload_read_u16(&r);
	reload_read_vector8(&r, &out->role);
	status = read_candidates(&r, &out->candidates);
	return status != RELOAD_OK ? status : reload_reader_finish(&r);
}

bool reload_write_ice_candidate(GByteArray *buf, const ReloadIceCandidate *candidate)
{
	size_t start = buf->len;
	bool ok = candidate->type == RELOAD_CAND_HOST || has_related_address(candidate->type);

	ok = ok && reload_write_address(buf, &candidate->addr_port);
	reload_write_u8(buf, candidate->overlay_link);
	ok = ok && reload_write_vector8(buf, candidate->foundation);
	reload_write_u32(buf, candidate->priority);
	reload_write_u8(buf, candidate->type);
	if (has_related_address(candidate->type))
		ok = ok && reload_write_address(buf, &candidate->rel_addr_port);
	ok = ok && reload_write_vector16(buf, candidate->extensions);
	return reload_write_commit(buf, start, ok);
}

bool reload_write_ice_extension(GByteArray *buf, const ReloadIceExtension *extension)
{
	size_t start = buf->len;

	return reload_write_commit(buf, start,
				   reload_write_vector16(buf, extension->name) &&
				       reload_write_vector16(buf, extension->value));
}

bool reload_write_attach(GByteArray *buf, const ReloadAttach *attach)
{
	size_t start = buf->len;
	bool ok = reload_write_vector8(buf, attach->ufrag) &&
		  reload_write_vector8(buf, attach->password) &&
		  reload_write_vector8(buf, attach->role) &&
		  reload_write_vector16(buf, attach->candidates);

	reload_write_u8(buf, attach->send_update);
	return reload_write_commit(buf, start, ok);
}

bool reload_write_app_attach(GByteArray *buf, const ReloadAppAttach *attach)
{
	size_t start = buf->len;
	bool ok =
	    reload_write_vector8(buf, attach->ufrag) && reload_write_vector8(buf, attach->password);

	reload_write_u16(buf, attach->application);
	ok = ok && reload_write_vector8(buf, attach->role) &&
	     reload_write_vector16(buf, attach->candidates);
	return reload_write_commit(buf, start, ok);
}
