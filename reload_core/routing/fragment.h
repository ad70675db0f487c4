/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Breaks a message, or a fragment of one, into smaller fragments (RFC 6940, 6.7). */
#ifndef RELOAD_ROUTING_FRAGMENT_H
#define RELOAD_ROUTING_FRAGMENT_H

#include "reload_core/wire/header.h"

/* RFC 6940, 6.7: left free for the via list to grow, and the least of the message that a fragment
 * carries. */
#define RELOAD_FRAGMENT_SPARE 32
#define RELOAD_FRAGMENT_BODY_MIN 256

/* How a message of len bytes behind a header of header_size is cut: into *count pieces whose
 * lengths differ by at most one byte. False: it cannot be, and goes as it is (6.7: "fragmentation
 * is not performed"). */
bool reload_fragment_plan(size_t header_size, size_t len, size_t limit, unsigned *count);

/* Calls emit with each fragment of message, whose header is decoded, so that none is larger than
 * limit bytes less RELOAD_FRAGMENT_SPARE; a message that is not larger than limit, or cannot be
 * cut, is emitted as it is. Returns what emit returned first that was not RELOAD_OK, else
 * RELOAD_OK. RELOAD_E_TOO_LARGE: an offset that does not fit its 24 bits. */
ReloadStatus reload_fragment(ReloadSpan message, const ReloadHeader *header, size_t limit,
			     ReloadStatus (*emit)(void *data, ReloadSpan fragment), void *data);

#endif
