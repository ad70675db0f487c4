/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts one node into the real world: loads, listens, passes events on, reloads, leaves. */
#include "reload_core/link/driver_private.h"

#include "reload_core/security/error.h"

#include <glib-unix.h>
#include <sys/resource.h>

/* All of leaving: issue of data, Leave, and what is queued. ms. */
#define LEAVE_TIMEOUT 2000

/* ---- the node's events, for the links and for the owner ---- */

static void note_left(ReloadDriver *driver);

static void on_state(void *user, ReloadNodeState state, int64_t now)
{
	ReloadDriver *driver = user;

	if (driver->owner.state != NULL)
		driver->owner.state(driver->owner.user, state, now);
	if (state == RELOAD_NODE_LEFT)
		note_left(driver);
}

static bool on_app_request(void *user, uint16_t application, const ReloadNodeId *remote,
			   int64_t now)
{
	ReloadDriver *driver = user;

	return driver->owner.app_request != NULL &&
	       driver->owner.app_request(driver->owner.user, application, remote, now);
}

static void on_app_up(void *user, uint16_t application, const ReloadNodeId *remote,
		      ReloadLinkId link, bool requested_by_us, int64_t now)
{
	ReloadDriver *driver = user;

	if (driver->owner.app_up != NULL)
		driver->owner.app_up(driver->owner.user, application, remote, link, requested_by_us,
				     now);
	else
		reload_node_app_close(driver->node, link, now);
}

static void on_app_down(void *user, uint16_t application, const ReloadNodeId *remote,
			ReloadLinkId link, ReloadStatus why, int64_t now)
{
	ReloadDriver *driver = user;

	if (driver->owner.app_down != NULL)
		driver->owner.app_down(driver->owner.user, application, remote, link, why, now);
}

static void on_document(void *user, ReloadDocument *document, ReloadTrust *trust, int64_t now)
{
	ReloadDriver *driver = user;
	bool is_newer = trust != driver->files.trust; /* else it knows more Kinds, no more */
	GError *error = NULL;

	reload_document_unref(driver->files.document);
	driver->files.document = reload_document_ref(document);
	reload_trust_unref(driver->files.trust);
	driver->files.trust = reload_trust_ref(trust);
	if (is_newer && reload_links_set_security(driver->links, trust, NULL,
						  document->max_message_size, &error) != RELOAD_OK)
		reload_log_write(driver->log, RELOAD_LOG_ERROR, "new document: %s", error->message);
	g_clear_error(&error);
	if (is_newer) {
		reload_log_write(driver->log, RELOAD_LOG_NOTICE,
				 "document of %s, sequence %u, is in use", document->overlay,
				 document->sequence);
		reload_driver_watch_ends(driver, 0);
	}
	if (driver->owner.document != NULL)
		driver->owner.document(driver->owner.user, document, trust, now);
}

/* ---- the links' events, for the node ---- */

static void on_link_up(void *user, ReloadLinkId link, ReloadCertificate *certificate, bool outgoing,
		       int64_t now)
{
	reload_node_link_up(((ReloadDriver *)user)->node, link, certificate, outgoing, now);
}

static void on_link_down(void *user, ReloadLinkId link, ReloadStatus why, int64_t now)
{
	reload_node_link_down(((ReloadDriver *)user)->node, link, why, now);
}

static bool on_link_of_use(void *user, ReloadLinkId link)
{
	return reload_node_link_of_use(((ReloadDriver *)user)->node, link);
}

static void on_link_failing(void *user, ReloadLinkId link, bool failing, int64_t now)
{
	reload_node_link_failing(((ReloadDriver *)user)->node, link, failing, now);
}

static void on_receive(void *user, ReloadLinkId link, ReloadSpan message, int64_t now)
{
	reload_node_receive(((ReloadDriver *)user)->node, link, message, now);
}

static ReloadStatus on_too_large(void *user, ReloadLinkId link, ReloadSpan start, int64_t now)
{
	return reload_node_receive_too_large(((ReloadDriver *)user)->node, link, start, now);
}

static void on_link_app_up(void *user, ReloadLinkId link, int64_t now)
{
	reload_node_app_up(((ReloadDriver *)user)->node, link, now);
}

static void on_link_app_down(void *user, ReloadLinkId link, ReloadStatus why, int64_t now)
{
	reload_node_app_down(((ReloadDriver *)user)->node, link, why, now);
}

static void on_tick(void *user, int64_t now)
{
	reload_node_tick(((ReloadDriver *)user)->node, now);
}

/* ---- making it ---- */

/* Links, application connections and what else is open. */
#define DESCRIPTORS 8192

/* The usual soft limit of 1024 is less than the links that we admit; select(2), its reason, is not
 * used here. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS)
		return;
	limit.rlim_cur = MIN(limit.rlim_max, DESCRIPTORS);
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static ReloadStatus make_links(ReloadDriver *driver, const ReloadDriverOptions *options,
			       GError **error)
{
	ReloadLinksOptions links = {
	    .context = driver->context,
	    .trust = driver->files.trust,
	    .identity = driver->files.identity,
	    .max_message_size = driver->files.document->max_message_size,
	    .shared_secret = driver->files.document->shared_secret,
	    .keylog_path = options->keylog_path,
	    .limits = options->limits,
	    .events = {.user = driver,
		       .link_up = on_link_up,
		       .link_down = on_link_down,
		       .link_of_use = on_link_of_use,
		       .link_failing = on_link_failing,
		       .receive = on_receive,
		       .too_large = on_too_large,
		       .app_up = on_link_app_up,
		       .app_down = on_link_app_down,
		       .tick = on_tick},
	    .log = driver->log,
	};

	driver->links = reload_links_new(&links, error);
	return driver->links != NULL ? RELOAD_OK : RELOAD_E_CONFIG;
}

/* Listens on each; the addresses become what they are bound to. */
static ReloadStatus listen_on(ReloadDriver *driver, ReloadListenFor what, GArray *addresses,
			      GError **error)
{
	ReloadStatus status = RELOAD_OK;

	for (guint i = 0; status == RELOAD_OK && i < addresses->len; i++) {
		ReloadAddress *address = &g_array_index(addresses, ReloadAddress, i);

		status = reload_links_listen(driver->links, what, address, address, error);
	}
	return status;
}

static ReloadStatus make_node(ReloadDriver *driver, const ReloadDriverOptions *options,
			      GError **error)
{
	const DriverAddresses *own = &driver->addresses;
	const GArray *addresses = own->advertise->len > 0 ? own->advertise : own->listen;
	const GArray *app = own->app_advertise->len > 0 ? own->app_advertise : own->app_listen;
	ReloadNodeOptions node = {
	    .document = driver->files.document,
	    .trust = driver->files.trust,
	    .identity = driver->files.identity,
	    .first_node = options->first_node,
	    .client = options->client,
	    .addresses = (const ReloadAddress *)(void *)addresses->data,
	    .address_count = addresses->len,
	    .app_addresses = (const ReloadAddress *)(void *)app->data,
	    .app_address_count = app->len,
	    .storage = options->storage,
	    .events = {driver, on_state, on_app_request, on_app_up, on_app_down, on_document},
	};

	reload_links_get_io(driver->links, &node.io);
	driver->node = reload_node_new(&node, reload_links_now(driver->links), error);
	return driver->node != NULL ? RELOAD_OK : RELOAD_E_CONFIG;
}

static void log_start(ReloadDriver *driver)
{
	char node[RELOAD_NODE_ID_TEXT], address[RELOAD_ADDRESS_TEXT];
	const GArray *listen = driver->addresses.listen;

	for (guint i = 0; i < listen->len; i++)
		reload_log_write(
		    driver->log, RELOAD_LOG_NOTICE, "Node-ID %s of overlay %s listens on %s",
		    reload_node_id_to_text(reload_node_id(driver->node), node),
		    driver->files.document->overlay,
		    reload_address_to_text(&g_array_index(listen, ReloadAddress, i), address));
}

static ReloadStatus set_up(ReloadDriver *driver, const ReloadDriverOptions *options, GError **error)
{
	ReloadStatus status = reload_driver_parse_addresses(options, &driver->addresses, error);

	if (status == RELOAD_OK)
		status = reload_driver_load(driver->document_path, driver->overlay,
					    driver->node_directory, g_get_real_time() / 1000,
					    &driver->files, error);
	if (status == RELOAD_OK)
		status = make_links(driver, options, error);
	if (status == RELOAD_OK)
		status = listen_on(driver, RELOAD_LISTEN_LINKS, driver->addresses.listen, error);
	if (status == RELOAD_OK)
		status = listen_on(driver, RELOAD_LISTEN_APP, driver->addresses.app_listen, error);
	if (status == RELOAD_OK)
		status = make_node(driver, options, error);
	if (status != RELOAD_OK)
		return status;
	driver->control = reload_control_new(options->control_path, driver->context, error);
	if (driver->control == NULL)
		return RELOAD_E_CONFIG;
	reload_driver_add_commands(driver);
	reload_driver_add_requests(driver);
	return RELOAD_OK;
}

ReloadDriver *reload_driver_new(const ReloadDriverOptions *options, GError **error)
{
	ReloadDriver *driver = g_new0(ReloadDriver, 1);

	raise_descriptor_limit();
	driver->context = g_main_context_ref(options->context != NULL ? options->context
								      : g_main_context_default());
	driver->document_path = g_strdup(options->document_path);
	driver->overlay = g_strdup(options->overlay);
	driver->node_directory = g_strdup(options->node_directory);
	driver->owner = options->events;
	driver->reloaded = options->reloaded;
	driver->pending = g_ptr_array_new();
	driver->log = reload_log_new(options->program, options->log_level, options->log_sink,
				     options->log_user);
	if (set_up(driver, options, error) != RELOAD_OK) {
		reload_driver_free(driver);
		return NULL;
	}
	log_start(driver);
	reload_driver_watch_ends(driver, 0);
	return driver;
}

static void drop_leave_source(ReloadDriver *driver)
{
	if (driver->leave_source == NULL)
		return;
	g_source_destroy(driver->leave_source);
	g_source_unref(g_steal_pointer(&driver->leave_source));
}

void reload_driver_free(ReloadDriver *driver)
{
	if (driver == NULL)
		return;
	drop_leave_source(driver);
	reload_driver_unwatch_ends(driver);
	reload_driver_end_requests(driver, "the peer is ending");
	reload_control_free(driver->control);
	/* no event of the node's end is for the owner, who frees us */
	memset(&driver->owner, 0, sizeof(driver->owner));
	reload_node_free(driver->node);
	reload_links_free(driver->links);
	reload_driver_files_clear(&driver->files);
	reload_driver_addresses_clear(&driver->addresses);
	g_ptr_array_unref(driver->pending);
	reload_log_free(driver->log);
	g_main_context_unref(driver->context);
	g_free(driver->document_path);
	g_free(driver->overlay);
	g_free(driver->node_directory);
	g_free(driver);
}

void reload_driver_start(ReloadDriver *driver)
{
	reload_node_start(driver->node, reload_driver_now(driver));
}

/* ---- reloading ---- */

/* The same document, but perhaps more Kinds beside it than at the start. */
static ReloadStatus add_kinds(ReloadDriver *driver, GBytes *kinds, int64_t now, GError **error)
{
	ReloadSpan text;

	text.data = g_bytes_get_data(kinds, &text.len);
	return reload_node_add_kinds(driver->node, text, RELOAD_NODE_KINDS_FILE, now, error);
}

static ReloadStatus take_over(ReloadDriver *driver, DriverFiles *files, bool newer, int64_t now,
			      GError **error)
{
	ReloadStatus status;

	if (!reload_node_id_equal(reload_identity_node_id(files->identity),
				  reload_node_id(driver->node)))
		return reload_fail(
		    error, RELOAD_E_CONFIG,
		    "%s/%s: certificate has another Node-ID than this peer; restart it",
		    driver->node_directory, RELOAD_NODE_CERTIFICATE_FILE);
	if (!newer && files->kinds != NULL) {
		status = add_kinds(driver, files->kinds, now, error);
		if (status != RELOAD_OK)
			return status;
	}
	/* the links first: they alone may still find a fault (a key that TLS cannot use) */
	status = reload_links_set_security(driver->links, NULL, files->identity,
					   driver->files.document->max_message_size, error);
	if (status != RELOAD_OK)
		return status;
	status = reload_node_set_identity(driver->node, files->identity, now);
	if (status == RELOAD_OK) {
		reload_identity_unref(driver->files.identity);
		driver->files.identity = reload_identity_ref(files->identity);
		if (newer) /* on_document does the rest */
			status = reload_node_set_document(driver->node, files->document, now);
	}
	if (status != RELOAD_OK)
		return reload_fail(error, status, "%s: the peer did not take it over: %s",
				   driver->document_path, reload_strerror(status));
	return RELOAD_OK;
}

/* The document in use again is fine, and so is one that the overlay has replaced meanwhile: then only
 * certificates are new. */
static bool is_behind(ReloadDriver *driver, const ReloadDocument *file)
{
	const ReloadDocument *current = driver->files.document;

	if (file->sequence == current->sequence)
		return g_bytes_equal(file->configuration, current->configuration);
	if (reload_document_sequence_is_newer(file->sequence, current->sequence))
		return false;
	reload_log_write(driver->log, RELOAD_LOG_WARNING,
			 "%s: has sequence %u, the overlay's document is %u by now: bring the newer one here",
			 driver->document_path, file->sequence, current->sequence);
	return true;
}

/* Reads all files. *newer: the document is one to go over to. Else the node's files are held against the one in use. */
static ReloadStatus load_again(ReloadDriver *driver, int64_t now, DriverFiles *files, bool *newer,
			       GError **error)
{
	ReloadDocument *current = driver->files.document;
	ReloadStatus status = reload_driver_load_document(driver->document_path, current->overlay, now,
							  files, error);

	if (status != RELOAD_OK)
		return status;
	*newer = !is_behind(driver, files->document);
	if (!*newer) {
		reload_driver_files_clear(files);
		files->document = reload_document_ref(reload_node_document(driver->node));
		files->trust = reload_trust_ref(reload_node_trust(driver->node));
	} else {
		status = reload_document_check_successor(current, files->document, now, error);
		if (status == RELOAD_OK && !reload_document_same_secret(current, files->document))
			status = reload_fail(error, RELOAD_E_CONFIG,
					     "%s: <shared-secret> is another one: restart this peer, as "
					     "all others have to be, to use it",
					     driver->document_path);
	}
	if (status == RELOAD_OK)
		return reload_driver_load_node(driver->node_directory, now, files, error);
	reload_driver_files_clear(files);
	return status;
}

ReloadStatus reload_driver_reload(ReloadDriver *driver, GError **error)
{
	int64_t now = reload_driver_now(driver);
	DriverFiles files;
	bool newer;
	ReloadStatus status = load_again(driver, now, &files, &newer, error);

	if (status != RELOAD_OK)
		return status;
	status = take_over(driver, &files, newer, now, error);
	reload_driver_files_clear(&files);
	if (status == RELOAD_OK) {
		reload_log_write(driver->log, RELOAD_LOG_NOTICE, "files were read again");
		reload_driver_watch_ends(driver, 0);
		if (driver->reloaded != NULL)
			driver->reloaded(driver->owner.user);
	}
	return status;
}

/* ---- leaving ---- */

static void finish_leaving(ReloadDriver *driver)
{
	void (*done)(void *) = driver->leave_done;

	drop_leave_source(driver);
	driver->leave_done = NULL;
	driver->left = true;
	reload_log_write(driver->log, RELOAD_LOG_NOTICE, "left the overlay");
	if (driver->loop != NULL)
		g_main_loop_quit(driver->loop);
	if (done != NULL)
		done(driver->leave_data);
}

static gboolean leave_check(gpointer data)
{
	ReloadDriver *driver = data;
	bool sent = reload_node_state(driver->node) == RELOAD_NODE_LEFT &&
		    reload_links_drained(driver->links);

	if (sent || g_get_monotonic_time() >= driver->leave_deadline)
		finish_leaving(driver);
	return G_SOURCE_CONTINUE; /* finish_leaving has ended it */
}

/* Now only what is queued has to be sent: look often. */
static void note_left(ReloadDriver *driver)
{
	reload_driver_end_requests(driver, "the peer has left the overlay");
	if (!driver->leaving)
		return;
	drop_leave_source(driver);
	driver->leave_source = g_timeout_source_new(5);
	g_source_set_callback(driver->leave_source, leave_check, driver, NULL);
	g_source_attach(driver->leave_source, driver->context);
}

void reload_driver_leave(ReloadDriver *driver, int64_t timeout, void (*done)(void *data),
			 void *data)
{
	if (driver->leaving)
		return;
	if (timeout <= 0)
		timeout = LEAVE_TIMEOUT;
	driver->leaving = true;
	driver->leave_done = done;
	driver->leave_data = data;
	driver->leave_deadline = g_get_monotonic_time() + timeout * 1000;
	driver->leave_source = g_timeout_source_new((guint)timeout);
	g_source_set_callback(driver->leave_source, leave_check, driver, NULL);
	g_source_attach(driver->leave_source, driver->context);
	/* the last quarter of the time is for what is queued then */
	reload_node_leave(driver->node, timeout * 3 / 4, reload_driver_now(driver));
}

/* ---- running ---- */

static gboolean on_terminate(gpointer data)
{
	ReloadDriver *driver = data;

	if (driver->leaving)
		g_main_loop_quit(driver->loop); /* asked twice: at once */
	else
		reload_driver_leave(driver, 0, NULL, NULL);
	return G_SOURCE_CONTINUE;
}

static gboolean on_hangup(gpointer data)
{
	ReloadDriver *driver = data;
	GError *error = NULL;

	if (reload_driver_reload(driver, &error) != RELOAD_OK) {
		reload_log_write(driver->log, RELOAD_LOG_ERROR, "nothing was reloaded: %s",
				 error->message);
		g_error_free(error);
	}
	return G_SOURCE_CONTINUE;
}

bool reload_driver_run(ReloadDriver *driver)
{
	guint sources[] = {
	    g_unix_signal_add(SIGTERM, on_terminate, driver),
	    g_unix_signal_add(SIGINT, on_terminate, driver),
	    g_unix_signal_add(SIGHUP, on_hangup, driver),
	};

	driver->loop = g_main_loop_new(driver->context, FALSE);
	if (!driver->left)
		g_main_loop_run(driver->loop);
	g_clear_pointer(&driver->loop, g_main_loop_unref);
	for (unsigned i = 0; i < G_N_ELEMENTS(sources); i++)
		g_source_remove(sources[i]);
	return !driver->failed;
}

/* ---- views ---- */

ReloadNode *reload_driver_node(ReloadDriver *driver)
{
	return driver->node;
}

ReloadLinks *reload_driver_links(ReloadDriver *driver)
{
	return driver->links;
}

ReloadLog *reload_driver_log(ReloadDriver *driver)
{
	return driver->log;
}

ReloadControl *reload_driver_control(ReloadDriver *driver)
{
	return driver->control;
}

ReloadDocument *reload_driver_document(ReloadDriver *driver)
{
	return driver->files.document;
}

ReloadIdentity *reload_driver_identity(ReloadDriver *driver)
{
	return driver->files.identity;
}

int64_t reload_driver_now(ReloadDriver *driver)
{
	return reload_links_now(driver->links);
}

bool reload_driver_bound(ReloadDriver *driver, ReloadListenFor what, unsigned n, ReloadAddress *out)
{
	const GArray *addresses =
	    what == RELOAD_LISTEN_LINKS ? driver->addresses.listen : driver->addresses.app_listen;

	if (n >= addresses->len)
		return false;
	*out = g_array_index(addresses, ReloadAddress, n);
	return true;
}

const char *reload_driver_node_directory(const ReloadDriver *driver)
{
	return driver->node_directory;
}
