/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of TURN servers (RFC 6940, 9): where they stand in the overlay and what may be in them. */
#ifndef RELOAD_USAGES_TURN_RECORD_H
#define RELOAD_USAGES_TURN_RECORD_H

#include "reload_core/config/document.h"
#include "reload_core/wire/address.h"
#include "reload_core/wire/status.h"

/* "NODE-MULTIPLE, with a maximum iteration of counter 20" */
#define RELOAD_TURN_ITERATIONS_MAX 20

/* How many times a TURN server is recorded: the document's turn-density, as far as its Kind admits
 * so many. 0: this overlay has no TURN servers. */
unsigned reload_turn_density(const ReloadDocument *document);

/* The Resource-ID of H(Node-ID || iteration); iteration counts from 1. */
void reload_turn_place(const ReloadDocument *document, const ReloadNodeId *node_id,
		       uint8_t iteration, ReloadResourceId *out);

/* May a TURN server be recorded with that address? One that the whole Internet can reach: neither
 * private (RFC 1918; of IPv6, fc00::/7), nor loopback, link-local, multicast, unspecified, nor
 * without a port. */
bool reload_turn_address_fits(const ReloadAddress *address);

/* Takes the address out of a value that was found at resource, verified as signer's. True: it is a
 * TurnServer whose iteration leads to that place, and its address fits. */
bool reload_turn_record_read(const ReloadDocument *document, const ReloadResourceId *resource,
			     const ReloadNodeId *signer, ReloadSpan value, ReloadAddress *out);

#endif
