/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cuts a stream of bytes into whole SIP messages (RFC 3261, 18.3): by Content-Length, long or
 * compact form; keep-alives of CRLFs (RFC 5626, 4.4.1) between them. What comes in is hostile:
 * anything odd is an error, and then the stream is to be closed, because nobody knows where the
 * next message begins. No I/O. */
#ifndef RELOAD_LINK_SIP_STREAM_H
#define RELOAD_LINK_SIP_STREAM_H

#include "reload_core/wire/status.h"
#include "reload_core/wire/types.h"

/* A whole message, header and body; UDP toward Kamailio carries no more than this. */
#define RELOAD_SIP_MESSAGE_MAX 65507
/* Its header: start line to empty line. */
#define RELOAD_SIP_HEADER_MAX 49152

typedef struct ReloadSipStream ReloadSipStream;

ReloadSipStream *reload_sip_stream_new(void);
void reload_sip_stream_free(ReloadSipStream *stream);

/* Adds bytes as they came; call reload_sip_stream_next until it says RELOAD_E_NOT_FOUND before
 * feeding more (what is held is then less than one message). RELOAD_E_STATE: an error was met
 * earlier. */
ReloadStatus reload_sip_stream_feed(ReloadSipStream *stream, ReloadSpan bytes);

/* Takes the next whole message: *message is a view, valid until the next call on stream.
 * RELOAD_E_NOT_FOUND: more bytes are needed; RELOAD_E_TOO_LARGE, RELOAD_E_MALFORMED (no SIP start
 * line, a header line without a name, a NUL byte, no or two different or a wrong Content-Length):
 * close the stream. */
ReloadStatus reload_sip_stream_next(ReloadSipStream *stream, ReloadSpan *message);

/* How many keep-alives (double CRLF) have come since the last call; each wants one CRLF in return.
 */
unsigned reload_sip_stream_take_pings(ReloadSipStream *stream);

#endif
