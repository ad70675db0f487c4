/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moves the bytes of a TLS connection, and makes sense of OpenSSL's errors. */
#include "reload_core/link/stream_private.h"

#include <openssl/err.h>

/* One TLS record. */
#define RECORD 16384
/* What one connection may read or write in one turn of the loop: others want their turn too. */
#define BUDGET (8 * RECORD)
/* What its owner may take over that in one turn, us: small messages whose signatures are checked cost far
 * more time than bytes. */
#define TURN 2000
/* A queue that has grown larger than this gives its memory back when it is empty. */
#define KEEP 32768

static ReloadStatus classify(const ReloadStream *stream, unsigned long code)
{
	int reason = ERR_GET_REASON(code);

	if (stream->peer.refused != RELOAD_OK)
		return stream->peer.refused;
	if (ERR_GET_LIB(code) != ERR_LIB_SSL)
		return RELOAD_E_MALFORMED;
	if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return RELOAD_E_UNREACHABLE;
	if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
		return RELOAD_E_CERTIFICATE;
	/* the other side sent an alert: these are numbered from SSL_AD_REASON_OFFSET on */
	if (reason > SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255)
		return RELOAD_E_REMOTE;
	return RELOAD_E_MALFORMED;
}

/* The connection has ended with that SSL_get_error. */
static void report(ReloadStream *stream, int error)
{
	unsigned long code = ERR_peek_last_error();

	if (error == SSL_ERROR_ZERO_RETURN) {
		reload_stream_fail(stream, RELOAD_E_UNREACHABLE,
				   "the other side closed the connection");
	} else if (stream->peer.refused != RELOAD_OK && stream->state == STREAM_HANDSHAKE) {
		reload_stream_fail(stream, stream->peer.refused, stream->peer.reason);
	} else if (error == SSL_ERROR_SYSCALL) {
		reload_stream_fail(stream, RELOAD_E_UNREACHABLE,
				   errno != 0 ? g_strerror(errno)
					      : "the other side ended the connection");
	} else {
		reload_stream_fail(stream, classify(stream, code),
				   reload_tls_explain(stream->tls, code));
	}
	ERR_clear_error();
}

bool reload_stream_handshake(ReloadStream *stream)
{
	const char *reason;
	ReloadStatus admitted;
	int result, error;

	ERR_clear_error();
	errno = 0;
	result = SSL_do_handshake(stream->ssl);
	if (result == 1) {
		admitted =
		    reload_tls_admits(stream->tls, stream->ssl, &stream->peer, &reason);
		if (admitted == RELOAD_OK)
			return true;
		reload_stream_fail(stream, admitted, reason);
		return false;
	}
	error = SSL_get_error(stream->ssl, result);
	stream->want_out = error == SSL_ERROR_WANT_WRITE;
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		report(stream, error);
	return false;
}

bool reload_stream_turn_over(const ReloadStream *stream)
{
	return g_get_monotonic_time() >= stream->turn_end;
}

void reload_stream_hold(ReloadStream *stream)
{
	stream->held = true;
}

/* After a read of got bytes, all taken by the owner: is the socket most likely empty? OpenSSL reads ahead, a record at a time; after a
 * small one that left nothing over, asking the socket again would cost a system call to learn nothing, and if
 * there is more the loop will tell. */
static bool is_drained(const ReloadStream *stream, size_t got)
{
	return got < RECORD / 2 && !stream->held && SSL_has_pending(stream->ssl) == 0;
}

void reload_stream_read(ReloadStream *stream)
{
	uint8_t bytes[RECORD];
	size_t got = 0, all = 0;

	stream->turn_end = g_get_monotonic_time() + TURN;
	stream->greedy = false;
	if (stream->held) {
		stream->held = false;
		stream->events->received(stream->user, stream, (ReloadSpan){bytes, 0});
	}
	while (stream->state == STREAM_UP && stream->reading && !stream->held && all < BUDGET &&
	       (all == 0 || !reload_stream_turn_over(stream))) {
		int error;

		ERR_clear_error();
		errno = 0;
		if (SSL_read_ex(stream->ssl, bytes, sizeof(bytes), &got) == 1) {
			all += got;
			stream->bytes_in += got;
			stream->events->received(stream->user, stream, (ReloadSpan){bytes, got});
			if (stream->state == STREAM_UP && is_drained(stream, got))
				return;
			continue;
		}
		error = SSL_get_error(stream->ssl, 0);
		if (error == SSL_ERROR_WANT_WRITE)
			stream->read_wants_out = true;
		else if (error != SSL_ERROR_WANT_READ)
			report(stream, error);
		return;
	}
	/* the rest may be in OpenSSL's buffer, where the socket does not show it */
	if (stream->state == STREAM_UP && stream->reading)
		stream->read_again = stream->greedy = true;
}

static void compact(ReloadStream *stream)
{
	if (stream->start == stream->out->len) {
		if (stream->out->len > KEEP) {
			g_byte_array_unref(stream->out);
			stream->out = g_byte_array_new();
		} else {
			g_byte_array_set_size(stream->out, 0);
		}
		stream->start = 0;
	} else if (stream->start > BUDGET) {
		g_byte_array_remove_range(stream->out, 0, (guint)stream->start);
		stream->start = 0;
	}
}

void reload_stream_flush(ReloadStream *stream)
{
	size_t budget = BUDGET;

	stream->want_out = false;
	stream->write_wants_in = false;
	if (stream->start == stream->out->len)
		return;
	while (stream->start < stream->out->len && budget > 0) {
		size_t length = MIN(stream->out->len - stream->start, RECORD);
		size_t taken;
		int error;

		ERR_clear_error();
		errno = 0;
		if (SSL_write_ex(stream->ssl, stream->out->data + stream->start, length, &taken) !=
		    1) {
			error = SSL_get_error(stream->ssl, 0);
			if (error == SSL_ERROR_WANT_WRITE)
				stream->want_out = true;
			else if (error == SSL_ERROR_WANT_READ)
				stream->write_wants_in = true;
			else
				report(stream, error);
			break;
		}
		stream->start += taken;
		stream->taken += taken;
		budget -= MIN(budget, taken);
	}
	compact(stream);
	if (stream->state == STREAM_UP && stream->start == stream->out->len &&
	    stream->events->written != NULL)
		stream->events->written(stream->user, stream);
}
