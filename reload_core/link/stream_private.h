/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stream.c and stream_io.c share; nobody else's business. */
#ifndef RELOAD_LINK_STREAM_PRIVATE_H
#define RELOAD_LINK_STREAM_PRIVATE_H

#include "reload_core/link/stream.h"

#include <errno.h>

typedef enum {
	STREAM_CONNECTING,
	STREAM_HANDSHAKE,
	STREAM_UP,
	STREAM_FLUSHING, /* closing: what is queued is still written */
	STREAM_DRAINING, /* closing: all is written, the other side's end is awaited */
	STREAM_FAILED,	 /* to be reported by the next dispatch */
	STREAM_GONE,	 /* freed; its memory goes when the dispatch under way ends */
} StreamState;

struct ReloadStream {
	StreamState state;
	int fd; /* -1: could not be opened */
	SSL *ssl;
	ReloadTls *tls;
	ReloadTlsPeer peer;
	GSource *source;
	gpointer tag;
	GIOCondition armed; /* what the source waits for */
	ReloadFlusher *flusher;
	GList place; /* in the flusher; data: this stream, or NULL: it is not there */
	int64_t deadline; /* us, monotonic; -1: none */
	bool reading;
	bool read_again;     /* there may be more to read in OpenSSL's buffer */
	bool held;	     /* the owner has more of what it was given to look at */
	bool greedy;	     /* it used up its last turn: all others come first */
	int64_t turn_end;    /* us, monotonic: of the turn under way */
	bool want_out;	     /* the socket is full, or the handshake wants to write */
	bool read_wants_out; /* TLS must write before it can read, and the other way round */
	bool write_wants_in;
	bool busy;	 /* within dispatch */
	bool closing;	 /* FAILED while closing: the owner is not told */
	GByteArray *out; /* from `start` on: to be written */
	size_t start;
	uint64_t taken, bytes_in;
	ReloadStatus why;
	char *text;
	const ReloadStreamEvents *events;
	void *user;
	void (*done)(void *user);
	void *done_user;
};

/* Sets what the source waits for, by the state. */
void reload_stream_rearm(ReloadStream *stream);
/* The stream is over; the owner is told at the end of the dispatch. */
void reload_stream_fail(ReloadStream *stream, ReloadStatus why, const char *text);

/* Goes on with the handshake; true: it is done. */
bool reload_stream_handshake(ReloadStream *stream);
/* Reads what there is, within a budget, and hands it on. */
void reload_stream_read(ReloadStream *stream);
/* Writes what is queued, as far as the socket takes it. */
void reload_stream_flush(ReloadStream *stream);
/* The same for the flusher, outside of a dispatch of this stream. */
void reload_stream_flush_queued(ReloadStream *stream);

/* ---- flusher.c ---- */
/* Has the stream flushed before the loop waits. False: not now, it is just doing that. */
bool reload_flusher_add(ReloadFlusher *flusher, ReloadStream *stream);
void reload_flusher_drop(ReloadFlusher *flusher, ReloadStream *stream);

#endif
