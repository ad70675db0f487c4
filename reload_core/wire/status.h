/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The results of functions of this library: 0, or one of these. */
#ifndef RELOAD_WIRE_STATUS_H
#define RELOAD_WIRE_STATUS_H

/* Results of our own functions; not to be confused with the RELOAD error codes on the wire (6.3.3.1). */
typedef enum {
	RELOAD_OK = 0,
	RELOAD_E_MALFORMED = -1,   /* bytes that are no such structure */
	RELOAD_E_VERSION = -2,     /* not RELOAD 1.0 */
	RELOAD_E_OVERLAY = -3,     /* of another overlay */
	RELOAD_E_TOO_LARGE = -4,   /* larger than a limit allows */
	RELOAD_E_TTL = -5,         /* TTL exceeded */
	RELOAD_E_SIGNATURE = -6,   /* signature missing or wrong */
	RELOAD_E_CERTIFICATE = -7, /* certificate missing, malformed, not chained or of other use */
	RELOAD_E_EXPIRED = -8,     /* not valid at this time */
	RELOAD_E_FORBIDDEN = -9,
	RELOAD_E_NOT_FOUND = -10,
	RELOAD_E_UNKNOWN_KIND = -11,
	RELOAD_E_GENERATION = -12, /* generation counter too low */
	RELOAD_E_TOO_OLD = -13,    /* data too old (7.4.1.1) */
	RELOAD_E_TIMEOUT = -14,
	RELOAD_E_LIMIT = -15,      /* a queue, table or quota is full */
	RELOAD_E_UNREACHABLE = -16,
	RELOAD_E_STATE = -17,      /* not possible in this state: not joined, leaving ... */
	RELOAD_E_CONFIG = -18,     /* configuration missing or not valid; a GError has the text */
	RELOAD_E_UNSUPPORTED = -19,
	RELOAD_E_REMOTE = -20,     /* the other side answered with an error */
	RELOAD_E_CANCELLED = -21,
	RELOAD_E_INTERNAL = -22,   /* a library failed in a way that it should not */
} ReloadStatus;

/* Returns a short English text for status; static, never NULL. */
const char *reload_strerror(ReloadStatus status);

#endif
