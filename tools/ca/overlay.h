/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Making an overlay: its CA and its signed document. */
#ifndef TOOLS_CA_OVERLAY_H
#define TOOLS_CA_OVERLAY_H

#include "reload_core/security/digest.h"
#include "reload_core/security/issue.h"

typedef struct {
	const char *name;
	const char *directory;
	char **bootstrap; /* "192.0.2.1:6084", "[2001:db8::1]:6084"; NULL-terminated, may be NULL */
	char **domains;	  /* patterns of RFC 7904, 3.4; NULL: any AOR */
	char **enrollment_servers;
	bool self_signed;
	bool shared_secret; /* the document gets a random one (RFC 6940, 13.4) */
	ReloadDigest digest; /* self-signed mode */
	ReloadKeyType key_type;
	int days;    /* life of the document and its signer's certificate */
	int ca_days; /* life of the CA */
	/* 0 or negative: not said in the document, so the RFC's default. */
	int max_message_size, initial_ttl, reliability_timer, update_interval, ping_interval;
	int turn_density; /* negative: not said */
	bool periodic;	  /* chord-reactive false */
	bool no_clients;
} CaOverlayOptions;

/* Makes directory with ca.crt, ca.key, signer.crt, signer.key and overlay.xml. An overlay that is
 * there already is left alone: an error. */
bool ca_create_overlay(const CaOverlayOptions *options, GError **error);

/* Signs a document with the signer in directory: its sequence raised by one (modulo 65535) unless
 * it is said, its expiration in days. The signer's certificate is renewed for as long. Writes it
 * back to path (NULL: overlay.xml of directory). */
bool ca_sign_document(const char *directory, const char *path, int sequence, int days,
		      GError **error);

/* Signs the kind-blocks in a file, for Kinds beside overlay.xml of directory, with the signer there,
 * whose certificate is renewed for so many days; checks that a peer would take them, and writes
 * them back. */
bool ca_sign_kinds(const char *directory, const char *path, int days, GError **error);

#endif
