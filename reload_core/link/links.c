/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of links and application connections: making and ending them, and what operators see of
 * them. */
#include "reload_core/link/links_private.h"

#include "reload_core/link/socket.h"
#include "reload_core/security/error.h"

#include <openssl/crypto.h>
#include <signal.h>
#include <unistd.h>

/* ---- one entry ---- */

Link *reload_links_find(ReloadLinks *links, ReloadLinkId id)
{
	return g_hash_table_lookup(links->table, &id);
}

Link *reload_links_add(ReloadLinks *links, bool application, bool outgoing)
{
	Link *link = g_new0(Link, 1);

	link->links = links;
	link->id = ++links->last_id;
	link->application = application;
	link->outgoing = outgoing;
	link->since = link->last_activity = reload_links_now(links);
	link->ends = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_hash_table_insert(links->table, &link->id, link);
	if (outgoing)
		links->connecting++;
	reload_links_start_keeper(links);
	return link;
}

static void count_out(Link *link)
{
	ReloadLinksStatistics *statistics = &link->links->statistics;

	if (!link->established && link->outgoing)
		link->links->connecting--;
	else if (!link->established)
		statistics->app_expected--;
	else if (link->application)
		statistics->app_connections--;
	else
		statistics->links--;
}

void reload_links_let_go(Link *link)
{
	link->busy = false;
	if (!link->gone)
		return;
	if (link->parser != NULL)
		reload_frame_parser_free(link->parser);
	g_array_unref(link->ends);
	g_free(link);
}

typedef struct {
	ReloadLinks *links;
	ReloadStream *stream;
} Closing;

static void closed(void *user)
{
	Closing *closing = user;

	g_hash_table_remove(closing->links->closing, closing);
}

void reload_links_close_stream(ReloadLinks *links, ReloadStream *stream, int64_t linger)
{
	Closing *closing;

	/* Who connects and is shown the door over and over must not hold all descriptors. */
	if (g_hash_table_size(links->closing) >= links->limits.max_closing) {
		reload_stream_free(stream);
		return;
	}
	closing = g_new(Closing, 1);
	*closing = (Closing){links, stream};
	g_hash_table_add(links->closing, closing);
	if (!reload_stream_close(stream, linger, closed, closing))
		g_hash_table_remove(links->closing, closing);
}

void reload_links_remove(Link *link, int64_t linger)
{
	ReloadStream *stream = g_steal_pointer(&link->stream);
	bool busy = link->busy;

	count_out(link);
	g_hash_table_remove(link->links->table, &link->id);
	if (stream != NULL)
		reload_links_close_stream(link->links, stream, linger);
	link->gone = true;
	if (!busy)
		reload_links_let_go(link);
}

void reload_links_down(Link *link, ReloadStatus why, const char *text)
{
	ReloadLinks *links = link->links;
	ReloadLinkId id = link->id;
	bool application = link->application;
	char node[RELOAD_NODE_ID_TEXT], address[RELOAD_ADDRESS_TEXT];

	if (link->established && reload_log_wants(links->log, RELOAD_LOG_INFO))
		reload_log_write(
		    links->log, RELOAD_LOG_INFO, "%s %" G_GUINT64_FORMAT " %s %s down: %s",
		    application ? "application connection" : "link", id,
		    link->remote.len != 0 ? reload_node_id_to_text(&link->remote, node) : "-",
		    reload_address_to_text(&link->address, address),
		    text != NULL ? text : reload_strerror(why));
	reload_links_remove(link, why == RELOAD_E_TOO_LARGE ? links->limits.close_timeout : 0);
	if (application)
		links->events.app_down(links->events.user, id, why, reload_links_now(links));
	else
		links->events.link_down(links->events.user, id, why, reload_links_now(links));
}

static int64_t now_for_tls(void *user)
{
	return reload_links_now(user);
}

void reload_links_stream_options(ReloadLinks *links, bool application, ReloadStreamOptions *out)
{
	*out = (ReloadStreamOptions){
	    .context = links->context,
	    .flusher = links->flusher,
	    .tls = links->tls,
	    .now = now_for_tls,
	    .now_user = links,
	    .handshake_timeout = links->limits.handshake_timeout,
	    .idle = application ? APP_IDLE : LINK_IDLE,
	    .give_up = application ? APP_GIVE_UP : links->limits.failed_timeout,
	};
}

/* ---- the node's timer, its randomness and its log ---- */

struct TickSource {
	GSource source;
	ReloadLinks *links;
	int64_t at;
};

static void set_ticker(ReloadLinks *links, int64_t at)
{
	int64_t wait;

	((struct TickSource *)links->ticker)->at = at;
	if (at == INT64_MAX) {
		g_source_set_ready_time(links->ticker, -1);
		return;
	}
	/* at most an hour ahead: at may be anything, and the clock may follow one that is set */
	wait = CLAMP(at - reload_links_now(links), 0, 3600000);
	g_source_set_ready_time(links->ticker, g_get_monotonic_time() + wait * 1000);
}

static gboolean tick(GSource *source, GSourceFunc callback, gpointer data)
{
	struct TickSource *ticker = (struct TickSource *)source;
	ReloadLinks *links = ticker->links;
	int64_t now = reload_links_now(links);

	(void)callback;
	(void)data;
	if (now < ticker->at) { /* the clock was slower than the loop's */
		set_ticker(links, ticker->at);
		return G_SOURCE_CONTINUE;
	}
	g_source_set_ready_time(source, -1);
	links->events.tick(links->events.user, now);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs tick_funcs = {.dispatch = tick};

static void wakeup_at(void *user, int64_t at)
{
	set_ticker(user, at);
}

static void write_log(void *user, ReloadLogLevel level, const char *text)
{
	ReloadLinks *links = user;

	reload_log_write(links->log, level, "%s", text);
}

void reload_links_get_io(ReloadLinks *links, ReloadIo *io)
{
	*io = (ReloadIo){
	    .user = links,
	    .link_connect = reload_overlay_connect,
	    .link_send = reload_overlay_send,
	    .link_close = reload_overlay_close,
	    .app_expect = reload_app_expect,
	    .app_connect = reload_app_connect,
	    .app_close = reload_app_close,
	    .wakeup_at = wakeup_at,
	    .random = reload_links_random,
	    .log = write_log,
	};
}

/* ---- all of it ---- */

static void set_defaults(ReloadLinkLimits *limits)
{
	static const ReloadLinkLimits defaults = {
	    .max_links = 1024,
	    .max_links_per_node = 8,
	    .max_links_source = 128,
	    .settled_time = 60000,
	    .max_app_connections = 4096,
	    .max_handshakes = 128,
	    .max_handshakes_source = 48,
	    .max_connecting = 256,
	    .max_closing = 512,
	    .max_queue_bytes = 1024 * 1024,
	    .max_queue_messages = 1024,
	    .handshake_timeout = 5000,
	    .close_timeout = 2000,
	    .failed_timeout = 30000,
	    .silence_timeout = 3000,
	};

#define DEFAULT(member)                                                                            \
	do {                                                                                       \
		if (limits->member == 0)                                                           \
			limits->member = defaults.member;                                          \
	} while (0)
	DEFAULT(max_links);
	DEFAULT(max_links_per_node);
	DEFAULT(max_links_source);
	DEFAULT(settled_time);
	DEFAULT(max_app_connections);
	DEFAULT(max_handshakes);
	DEFAULT(max_handshakes_source);
	DEFAULT(max_connecting);
	DEFAULT(max_closing);
	DEFAULT(max_queue_bytes);
	DEFAULT(max_queue_messages);
	DEFAULT(handshake_timeout);
	DEFAULT(close_timeout);
	DEFAULT(failed_timeout);
	DEFAULT(silence_timeout);
#undef DEFAULT
}

/* OpenSSL writes with write(2): a connection that the other side has reset would end the process.
 */
static void ignore_sigpipe(void)
{
	struct sigaction action;

	if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
		action.sa_handler = SIG_IGN;
		(void)sigaction(SIGPIPE, &action, NULL);
	}
}

ReloadLinks *reload_links_new(const ReloadLinksOptions *options, GError **error)
{
	ReloadLinks *links;
	ReloadTls *tls;
	int keylog = -1;

	if (options->keylog_path != NULL) {
		keylog = reload_tls_open_keylog(options->keylog_path, error);
		if (keylog < 0)
			return NULL;
	}
	tls = reload_tls_new(options->trust, options->identity, options->shared_secret, keylog,
			     error);
	if (tls == NULL) {
		if (keylog >= 0)
			close(keylog);
		return NULL;
	}
	ignore_sigpipe();
	links = g_new0(ReloadLinks, 1);
	links->context = options->context != NULL ? options->context : g_main_context_default();
	g_main_context_ref(links->context);
	links->log = options->log;
	links->tls = tls;
	links->trust = reload_trust_ref(options->trust);
	links->identity = reload_identity_ref(options->identity);
	links->max_message_size = options->max_message_size;
	links->shared_secret = g_strdup(options->shared_secret);
	links->keylog = keylog;
	links->limits = options->limits;
	set_defaults(&links->limits);
	links->events = options->events;
	links->table = g_hash_table_new(g_int64_hash, g_int64_equal);
	links->listeners = g_ptr_array_new_with_free_func((GDestroyNotify)reload_listener_free);
	links->closing = g_hash_table_new_full(NULL, NULL, g_free, NULL);
	g_queue_init(&links->handshakes);
	links->flusher = reload_flusher_new(links->context);
	links->ticker = g_source_new(&tick_funcs, sizeof(struct TickSource));
	((struct TickSource *)links->ticker)->links = links;
	g_source_set_static_name(links->ticker, "reload node timer");
	g_source_attach(links->ticker, links->context);
	return links;
}

static void free_closing(ReloadLinks *links)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, links->closing);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		reload_stream_free(((Closing *)key)->stream);
	g_hash_table_destroy(links->closing);
}

void reload_links_free(ReloadLinks *links)
{
	GHashTableIter iter;
	gpointer link;

	if (links == NULL)
		return;
	g_ptr_array_unref(links->listeners);
	reload_links_drop_incoming(links);
	for (;;) {
		g_hash_table_iter_init(&iter, links->table);
		if (!g_hash_table_iter_next(&iter, NULL, &link))
			break;
		reload_links_remove(link, 0);
	}
	free_closing(links);
	g_hash_table_destroy(links->table);
	reload_flusher_free(links->flusher);
	g_source_destroy(links->ticker);
	g_source_unref(links->ticker);
	if (links->keeper != NULL) {
		g_source_destroy(links->keeper);
		g_source_unref(links->keeper);
	}
	reload_tls_unref(links->tls);
	reload_trust_unref(links->trust);
	reload_identity_unref(links->identity);
	if (links->shared_secret != NULL)
		OPENSSL_cleanse(links->shared_secret, strlen(links->shared_secret));
	g_free(links->shared_secret);
	if (links->keylog >= 0)
		close(links->keylog);
	g_main_context_unref(links->context);
	g_free(links);
}

ReloadStatus reload_links_set_security(ReloadLinks *links, ReloadTrust *trust,
				       ReloadIdentity *identity, uint32_t max_message_size,
				       GError **error)
{
	ReloadTls *tls =
	    reload_tls_new(trust != NULL ? trust : links->trust,
			   identity != NULL ? identity : links->identity, links->shared_secret,
			   links->keylog, error);
	GHashTableIter iter;
	gpointer value;

	if (tls == NULL)
		return RELOAD_E_CERTIFICATE;
	reload_tls_unref(links->tls); /* handshakes under way keep theirs */
	links->tls = tls;
	if (trust != NULL && trust != links->trust) {
		reload_trust_unref(links->trust);
		links->trust = reload_trust_ref(trust);
		links->recheck_chains = true; /* by the keeper, from the main loop */
	}
	if (identity != NULL && identity != links->identity) {
		reload_identity_unref(links->identity);
		links->identity = reload_identity_ref(identity);
	}
	links->max_message_size = max_message_size;
	g_hash_table_iter_init(&iter, links->table);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		Link *link = value;

		if (link->parser != NULL)
			reload_frame_parser_set_max(link->parser, max_message_size);
	}
	return RELOAD_OK;
}

int64_t reload_links_now(ReloadLinks *links)
{
	return reload_clock_now(&links->clock);
}

bool reload_links_drained(const ReloadLinks *links)
{
	return g_hash_table_size(links->closing) == 0;
}
