/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The life of one TLS connection: its states, its source on the main loop, its end. The bytes
 * themselves are moved by stream_io.c. */
#include "reload_core/link/stream_private.h"

#include "reload_core/link/socket.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the source: what to wait for ---- */

static GIOCondition interest(const ReloadStream *stream)
{
	GIOCondition want = 0;

	switch (stream->state) {
	case STREAM_CONNECTING:
		return G_IO_OUT;
	case STREAM_HANDSHAKE:
		return stream->want_out ? G_IO_OUT : G_IO_IN;
	case STREAM_UP:
		if (stream->reading)
			want |= G_IO_IN;
		/* fall through */
	case STREAM_FLUSHING:
		if (stream->want_out || stream->read_wants_out)
			want |= G_IO_OUT;
		if (stream->write_wants_in)
			want |= G_IO_IN;
		return want;
	case STREAM_DRAINING:
		return G_IO_IN;
	default:
		return 0;
	}
}

/* Is there something to write that neither the socket's turn nor the flusher's is waited for? */
static bool must_write(const ReloadStream *stream)
{
	if (stream->want_out || stream->write_wants_in)
		return false;
	if (stream->state == STREAM_FLUSHING)
		return true;
	return stream->state == STREAM_UP && stream->place.data == NULL &&
	       reload_stream_queued(stream) > 0;
}

void reload_stream_rearm(ReloadStream *stream)
{
	GIOCondition want = interest(stream);
	int64_t at = stream->deadline;
	int priority = stream->greedy ? G_PRIORITY_LOW : G_PRIORITY_DEFAULT;

	if (stream->source == NULL)
		return;
	/* A member that floods is looked at when nobody else has anything to say. */
	if (g_source_get_priority(stream->source) != priority)
		g_source_set_priority(stream->source, priority);
	/* each change costs a system call, to wake up the loop */
	if (stream->tag != NULL && stream->armed != want) {
		g_source_modify_unix_fd(stream->source, stream->tag, want);
		stream->armed = want;
	}
	if (stream->read_again || must_write(stream) || stream->state == STREAM_FAILED)
		at = 0;
	g_source_set_ready_time(stream->source, at);
}

static void drop_source(ReloadStream *stream)
{
	GSource *source = g_steal_pointer(&stream->source);

	reload_flusher_drop(stream->flusher, stream);
	if (source == NULL)
		return;
	g_source_destroy(source);
	g_source_unref(source);
}

static void release(ReloadStream *stream)
{
	drop_source(stream);
	SSL_free(stream->ssl);
	if (stream->fd >= 0)
		close(stream->fd);
	reload_tls_peer_clear(&stream->peer);
	reload_tls_unref(stream->tls);
	g_byte_array_unref(stream->out);
	g_free(stream->text);
	g_free(stream);
}

void reload_stream_free(ReloadStream *stream)
{
	if (stream == NULL)
		return;
	drop_source(stream);
	stream->state = STREAM_GONE;
	if (!stream->busy)
		release(stream);
}

/* ---- the end ---- */

void reload_stream_fail(ReloadStream *stream, ReloadStatus why, const char *text)
{
	if (stream->state == STREAM_FAILED || stream->state == STREAM_GONE)
		return;
	g_free(stream->text);
	stream->text = g_strdup(text);
	stream->why = why;
	stream->closing = stream->state == STREAM_FLUSHING || stream->state == STREAM_DRAINING;
	stream->state = STREAM_FAILED;
}

/* Tells the owner, or whoever waits for the end of a closing stream. */
static void finish(ReloadStream *stream)
{
	void (*done)(void *) = stream->done;
	void *user = stream->done_user;

	if (!stream->closing) {
		/* the owner frees it */
		drop_source(stream);
		stream->events->closed(stream->user, stream, stream->why,
				       stream->text != NULL ? stream->text
							    : reload_strerror(stream->why));
		return;
	}
	reload_stream_free(stream);
	if (done != NULL)
		done(user);
}

static void start_draining(ReloadStream *stream)
{
	ERR_clear_error();
	(void)SSL_shutdown(
	    stream->ssl); /* one close_notify; the other side's need not be waited for */
	ERR_clear_error();
	if (shutdown(stream->fd, SHUT_WR) != 0) {
		reload_stream_fail(stream, RELOAD_E_CANCELLED, NULL);
		return;
	}
	stream->state = STREAM_DRAINING;
}

/* Closing a socket with unread bytes makes the kernel send a reset, which may destroy what we sent
 * last. */
static void drain(ReloadStream *stream)
{
	char scratch[16384];

	for (int i = 0; i < 16; i++) {
		ssize_t got = recv(stream->fd, scratch, sizeof(scratch), MSG_DONTWAIT);

		if (got > 0)
			continue;
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			reload_stream_fail(stream, RELOAD_E_CANCELLED, NULL);
		return;
	}
}

bool reload_stream_close(ReloadStream *stream, int64_t linger, void (*done)(void *user), void *user)
{
	if (stream->state != STREAM_UP || linger <= 0) {
		reload_stream_free(stream);
		return false;
	}
	stream->state = STREAM_FLUSHING;
	stream->done = done;
	stream->done_user = user;
	stream->deadline = g_get_monotonic_time() + linger * 1000;
	stream->read_again = stream->greedy = false;
	reload_flusher_drop(stream->flusher, stream);
	reload_stream_rearm(stream);
	return true;
}

/* ---- the beginning ---- */

static void finish_connecting(ReloadStream *stream)
{
	int error = reload_socket_error(stream->fd);

	if (error != 0) {
		reload_stream_fail(stream, RELOAD_E_UNREACHABLE, g_strerror(error));
		return;
	}
	stream->state = STREAM_HANDSHAKE;
	stream->want_out = true;
}

static void shake_hands(ReloadStream *stream)
{
	if (!reload_stream_handshake(stream))
		return;
	stream->state = STREAM_UP;
	stream->deadline = -1;
	stream->want_out = false;
	stream->events->established(stream->user, stream, stream->peer.certificate);
}

static void step_up(ReloadStream *stream, GIOCondition ready)
{
	bool hung_up = (ready & (G_IO_ERR | G_IO_HUP)) != 0;
	bool readable = (ready & G_IO_IN) != 0 || hung_up || stream->read_again ||
			(stream->read_wants_out && (ready & G_IO_OUT) != 0);

	if (readable && stream->reading) {
		stream->read_again = false;
		stream->read_wants_out = false;
		reload_stream_read(stream);
	}
	if (hung_up && !stream->reading)
		reload_stream_fail(stream, RELOAD_E_UNREACHABLE,
				   "the other side closed the connection");
	/* also what the events above have queued: an answer goes out together with its ACK */
	if (stream->state == STREAM_UP)
		reload_stream_flush(stream);
}

static void step(ReloadStream *stream, GIOCondition ready)
{
	bool late = stream->deadline >= 0 && g_get_monotonic_time() >= stream->deadline;

	switch (stream->state) {
	case STREAM_CONNECTING:
		if (ready != 0)
			finish_connecting(stream);
		break;
	case STREAM_HANDSHAKE:
		if (ready != 0)
			shake_hands(stream);
		break;
	case STREAM_UP:
		step_up(stream, ready);
		break;
	case STREAM_FLUSHING:
		reload_stream_flush(stream);
		if (stream->state == STREAM_FLUSHING && reload_stream_queued(stream) == 0)
			start_draining(stream);
		break;
	case STREAM_DRAINING:
		drain(stream);
		break;
	default:
		break;
	}
	if (late && stream->state != STREAM_UP)
		reload_stream_fail(stream, RELOAD_E_TIMEOUT,
				   "the other side took too long over its handshake");
}

struct StreamSource {
	GSource source;
	ReloadStream *stream;
};

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
	ReloadStream *stream = ((struct StreamSource *)source)->stream;
	GIOCondition ready = 0;

	(void)callback;
	(void)data;
	if (stream->busy) /* an owner runs the loop within an event */
		return G_SOURCE_CONTINUE;
	if (stream->tag != NULL)
		ready = g_source_query_unix_fd(source, stream->tag);
	stream->busy = true;
	step(stream, ready);
	if (stream->state == STREAM_FAILED)
		finish(stream);
	stream->busy = false;
	if (stream->state == STREAM_GONE) {
		release(stream);
		return G_SOURCE_REMOVE;
	}
	reload_stream_rearm(stream);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.dispatch = dispatch};

void reload_stream_flush_queued(ReloadStream *stream)
{
	if (stream->state != STREAM_UP || stream->busy)
		return;
	stream->busy = true;
	reload_stream_flush(stream);
	stream->busy = false;
	if (stream->state == STREAM_GONE)
		release(stream);
	else
		reload_stream_rearm(stream); /* to report a failure, or for the rest of a long queue */
}

static ReloadStream *make(int fd, const ReloadStreamOptions *options)
{
	ReloadStream *stream = g_new0(ReloadStream, 1);

	stream->fd = fd;
	stream->events = options->events;
	stream->user = options->user;
	stream->out = g_byte_array_new();
	stream->flusher = options->flusher;
	stream->tls = reload_tls_ref(options->tls);
	stream->peer.now = options->now;
	stream->peer.now_user = options->now_user;
	if (options->expect != NULL)
		stream->peer.expect = *options->expect;
	stream->deadline = g_get_monotonic_time() + options->handshake_timeout * 1000;
	stream->source = g_source_new(&source_funcs, sizeof(struct StreamSource));
	((struct StreamSource *)stream->source)->stream = stream;
	g_source_set_static_name(stream->source, "reload stream");
	/* else the loop takes its descriptor out and puts it back for each dispatch, at two system calls */
	g_source_set_can_recurse(stream->source, TRUE);
	return stream;
}

/* Lets it run; ssl NULL: out of memory. */
static void start(ReloadStream *stream, bool server, const ReloadStreamOptions *options)
{
	if (stream->fd >= 0) {
		reload_socket_tune(stream->fd, options->idle, options->give_up);
		stream->ssl = reload_tls_connection(stream->tls, stream->fd, server, &stream->peer);
		stream->state = server ? STREAM_HANDSHAKE : STREAM_CONNECTING;
		if (stream->ssl == NULL)
			reload_stream_fail(stream, RELOAD_E_INTERNAL, "TLS cannot be set up");
		stream->tag = g_source_add_unix_fd(stream->source, stream->fd, 0);
	}
	reload_stream_rearm(stream);
	g_source_attach(stream->source, options->context);
}

ReloadStream *reload_stream_accept(int fd, const ReloadStreamOptions *options)
{
	ReloadStream *stream = make(fd, options);

	start(stream, true, options);
	return stream;
}

ReloadStream *reload_stream_connect(const ReloadAddress *address,
				    const ReloadStreamOptions *options)
{
	ReloadStream *stream = make(reload_socket_connect(address), options);

	if (stream->fd < 0)
		reload_stream_fail(stream, RELOAD_E_UNREACHABLE, g_strerror(errno));
	start(stream, false, options);
	return stream;
}

/* ---- views and small things ---- */

void reload_stream_set_user(ReloadStream *stream, const ReloadStreamEvents *events, void *user)
{
	stream->events = events;
	stream->user = user;
}

void reload_stream_set_reading(ReloadStream *stream, bool reading)
{
	/* what came along with the end of the handshake is in OpenSSL's buffer already */
	stream->read_again = reading;
	stream->reading = reading;
	reload_stream_rearm(stream);
}

GByteArray *reload_stream_queue(ReloadStream *stream)
{
	return stream->state == STREAM_UP ? stream->out : NULL;
}

void reload_stream_queue_changed(ReloadStream *stream)
{
	/* while the socket is full its becoming writable is what we wait for; a dispatch that is under way flushes
	 * in the end */
	if (stream->want_out || stream->busy || reload_flusher_add(stream->flusher, stream))
		return;
	reload_stream_rearm(stream);
}

size_t reload_stream_queued(const ReloadStream *stream)
{
	return stream->out->len - stream->start;
}

uint64_t reload_stream_taken(const ReloadStream *stream)
{
	return stream->taken;
}

ReloadCertificate *reload_stream_certificate(const ReloadStream *stream)
{
	return stream->peer.certificate;
}

int reload_stream_fd(const ReloadStream *stream)
{
	return stream->fd;
}

uint64_t reload_stream_bytes_in(const ReloadStream *stream)
{
	return stream->bytes_in;
}

uint64_t reload_stream_bytes_out(const ReloadStream *stream)
{
	return stream->taken;
}
