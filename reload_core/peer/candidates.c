/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our addresses as the candidates of Attach and AppAttach, and the ones of others (RFC
 * 6940, 6.5.1.11). */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/attach.h"

/* RFC 8445, 5.1.2.1: (2^24) type preference + (2^8) local preference + 256 - component. */
#define HOST_PREFERENCE 126u

void reload_candidates_write(const GArray *addresses, GByteArray *out)
{
	for (guint i = 0; i < addresses->len && i < 255; i++) {
		char foundation[12];
		ReloadIceCandidate candidate = {
		    .addr_port = g_array_index(addresses, ReloadAddress, i),
		    .overlay_link = RELOAD_LINK_TLS_TCP_FH_NO_ICE,
		    .priority = HOST_PREFERENCE << 24 | (65535u - i) << 8 | 255u,
		    .type = RELOAD_CAND_HOST,
		};

		g_snprintf(foundation, sizeof(foundation), "%u", i + 1);
		candidate.foundation = reload_span_text(foundation);
		reload_write_ice_candidate(out, &candidate);
	}
}

unsigned reload_candidates_read(ReloadSpan candidates, ReloadAddress *out, unsigned max)
{
	ReloadIceCandidate candidate;
	unsigned count = 0;

	while (count < max && reload_ice_candidate_next(&candidates, &candidate)) {
		const ReloadAddress *address = &candidate.addr_port;

		if (candidate.overlay_link == RELOAD_LINK_TLS_TCP_FH_NO_ICE && address->port != 0 &&
		    (address->type == RELOAD_ADDRESS_IPV4 ||
		     address->type == RELOAD_ADDRESS_IPV6)) {
			out[count] = *address;
			out[count++].raw = (ReloadSpan){0};
		}
	}
	return count;
}
