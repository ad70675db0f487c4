/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes what was queued in one turn of the loop before the loop waits again: all that went to one stream in
 * that turn, from whatever other streams it came, in one go. */
#include "reload_core/link/stream_private.h"

struct FlusherSource {
	GSource source;
	ReloadFlusher *flusher;
};

struct ReloadFlusher {
	GSource *source;
	GQueue streams; /* with something to write */
	bool running;
};

static gboolean prepare(GSource *source, gint *timeout)
{
	ReloadFlusher *flusher = ((struct FlusherSource *)source)->flusher;
	GList *place;

	*timeout = -1;
	flusher->running = true;
	while ((place = g_queue_pop_head_link(&flusher->streams)) != NULL) {
		ReloadStream *stream = place->data;

		place->data = NULL;
		reload_stream_flush_queued(stream);
	}
	flusher->running = false;
	return FALSE; /* nothing is left for dispatch */
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
	(void)source;
	(void)callback;
	(void)data;
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs source_funcs = {.prepare = prepare, .dispatch = dispatch};

ReloadFlusher *reload_flusher_new(GMainContext *context)
{
	ReloadFlusher *flusher = g_new0(ReloadFlusher, 1);

	g_queue_init(&flusher->streams);
	flusher->source = g_source_new(&source_funcs, sizeof(struct FlusherSource));
	((struct FlusherSource *)flusher->source)->flusher = flusher;
	g_source_set_static_name(flusher->source, "reload flusher");
	/* the loop leaves out those that come after one that is ready */
	g_source_set_priority(flusher->source, G_PRIORITY_HIGH);
	g_source_attach(flusher->source, context);
	return flusher;
}

void reload_flusher_free(ReloadFlusher *flusher)
{
	if (flusher == NULL)
		return;
	g_source_destroy(flusher->source);
	g_source_unref(flusher->source);
	g_free(flusher);
}

bool reload_flusher_add(ReloadFlusher *flusher, ReloadStream *stream)
{
	if (flusher->running)
		return false;
	if (stream->place.data == NULL) {
		stream->place.data = stream;
		g_queue_push_tail_link(&flusher->streams, &stream->place);
	}
	return true;
}

void reload_flusher_drop(ReloadFlusher *flusher, ReloadStream *stream)
{
	if (stream->place.data == NULL)
		return;
	g_queue_unlink(&flusher->streams, &stream->place);
	stream->place.data = NULL;
}
