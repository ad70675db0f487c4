/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TLS connection over TCP on the main loop: handshake with a time limit, a queue for writing
 * that gathers what is written in one turn of the loop, orderly closing. Links and application
 * connections are made of it. */
#ifndef RELOAD_LINK_STREAM_H
#define RELOAD_LINK_STREAM_H

#include "reload_core/link/tls.h"
#include "reload_core/wire/address.h"

typedef struct ReloadStream ReloadStream;

/* Has the streams of one main context written to once in each turn of the loop, before it waits. Outlives them. */
typedef struct ReloadFlusher ReloadFlusher;
ReloadFlusher *reload_flusher_new(GMainContext *context);
void reload_flusher_free(ReloadFlusher *flusher);

/* All are called from the main loop, never from within a reload_stream_* function. */
typedef struct {
	/* The handshake is done; certificate: the other side's, verified; a view. Nothing is read
	 * yet. */
	void (*established)(void *user, ReloadStream *stream, ReloadCertificate *certificate);
	/* Bytes; a view for the time of the call. */
	void (*received)(void *user, ReloadStream *stream, ReloadSpan bytes);
	/* May be NULL. All that was queued has been written. */
	void (*written)(void *user, ReloadStream *stream);
	/* It failed or the other side closed it; the last event, free the stream. text: for the
	 * log; a view. */
	void (*closed)(void *user, ReloadStream *stream, ReloadStatus why, const char *text);
} ReloadStreamEvents;

typedef struct {
	GMainContext *context;
	ReloadFlusher *flusher; /* of that context */
	ReloadTls *tls;
	const ReloadNodeId *expect; /* the certificate must hold it; NULL: any will do */
	int64_t (*now)(void *user); /* ms since the Unix epoch, for validity dates */
	void *now_user;
	int64_t handshake_timeout;	  /* ms */
	int64_t idle;			  /* ms, as of reload_socket_tune */
	int64_t give_up;		  /* ms, likewise */
	const ReloadStreamEvents *events; /* must outlive the stream */
	void *user;
} ReloadStreamOptions;

/* The stream takes over fd, an accepted socket. */
ReloadStream *reload_stream_accept(int fd, const ReloadStreamOptions *options);
/* Connects; also where that fails at once a stream is returned, whose closed event follows. */
ReloadStream *reload_stream_connect(const ReloadAddress *address,
				    const ReloadStreamOptions *options);

/* Whom events go to from here on (an incoming stream finds its owner only after the handshake). */
void reload_stream_set_user(ReloadStream *stream, const ReloadStreamEvents *events, void *user);

/* Reading starts and stops; an established stream does not read before it is told to. */
void reload_stream_set_reading(ReloadStream *stream, bool reading);

/* A buffer to append to: what is in it at the end of this turn of the loop is written. Call
 * reload_stream_queue_changed after appending. NULL: not established, or closing. */
GByteArray *reload_stream_queue(ReloadStream *stream);
void reload_stream_queue_changed(ReloadStream *stream);
/* Bytes in the queue, and bytes that were ever taken from it. */
size_t reload_stream_queued(const ReloadStream *stream);
uint64_t reload_stream_taken(const ReloadStream *stream);

/* Gives the stream up without further events: what is queued is sent within linger ms (0: nothing
 * is), then both sides are closed, the stream frees itself, and done is called. False: that
 * happened at once, and done is not called. */
bool reload_stream_close(ReloadStream *stream, int64_t linger, void (*done)(void *user),
			 void *user);
/* Closes at once and frees, without events or done. Also for a stream that is closing. */
void reload_stream_free(ReloadStream *stream);

/* Within events.received: has this connection had its share of this turn of the loop? Then the owner may
 * leave the rest for the next one with reload_stream_hold: received is called again, with no bytes, before
 * anything else is read. Connections that use up their turns come after all that do not. */
bool reload_stream_turn_over(const ReloadStream *stream);
void reload_stream_hold(ReloadStream *stream);

ReloadCertificate *reload_stream_certificate(const ReloadStream *stream);
int reload_stream_fd(const ReloadStream *stream);
uint64_t reload_stream_bytes_in(const ReloadStream *stream);
uint64_t reload_stream_bytes_out(const ReloadStream *stream);

#endif
