/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a daemon is configured with: reads and checks files and addresses, and says in one line what
 * is wrong. */
#include "reload_core/link/driver_private.h"

#include "reload_core/config/kind_update.h"
#include "reload_core/link/socket_address.h"
#include "reload_core/link/srp.h"
#include "reload_core/security/error.h"

#define APP_PORT 5060

void reload_driver_files_clear(DriverFiles *files)
{
	g_clear_pointer(&files->identity, reload_identity_unref);
	g_clear_pointer(&files->trust, reload_trust_unref);
	g_clear_pointer(&files->document, reload_document_unref);
	g_clear_pointer(&files->kinds, g_bytes_unref);
}

/* Is our own certificate one that the others will believe? */
static ReloadStatus check_identity(const DriverFiles *files, const char *path, int64_t now,
				   GError **error)
{
	const GPtrArray *chain = reload_identity_chain(files->identity);
	ReloadCertificate *certificate = reload_identity_certificate(files->identity),
			  *verified = NULL;
	guint count = chain != NULL ? chain->len : 0;
	ReloadSpan *spans = g_new0(ReloadSpan, count + 1);
	ReloadStatus status;

	for (guint i = 0; i < count; i++) {
		gsize length;

		spans[i].data = g_bytes_get_data(chain->pdata[i], &length);
		spans[i].len = length;
	}
	status = reload_trust_verify(files->trust, reload_certificate_der(certificate), spans,
				     count, now, &verified, error);
	g_free(spans);
	reload_certificate_unref(verified);
	if (status == RELOAD_OK && files->document->shared_secret != NULL)
		status = reload_srp_check(files->identity, error);
	if (status != RELOAD_OK)
		reload_error_prefix(error, path);
	return status;
}

static ReloadStatus load_identity(const char *node_directory, int64_t now, DriverFiles *files,
				  GError **error)
{
	char *certificate = g_build_filename(node_directory, RELOAD_NODE_CERTIFICATE_FILE, NULL);
	char *key = g_build_filename(node_directory, RELOAD_NODE_KEY_FILE, NULL);
	ReloadStatus status = RELOAD_E_CONFIG;

	files->identity = reload_identity_load(certificate, key, files->document->overlay,
					       files->document->node_id_length, now, error);
	if (files->identity != NULL)
		status = check_identity(files, certificate, now, error);
	g_free(key);
	g_free(certificate);
	return status;
}

/* The operator's own Kinds, if any. */
static ReloadStatus load_kinds(const char *node_directory, int64_t now, DriverFiles *files,
			       GError **error)
{
	char *path = g_build_filename(node_directory, RELOAD_NODE_KINDS_FILE, NULL), *text;
	ReloadDocument *document;
	ReloadStatus status = RELOAD_OK;
	ReloadSpan span;

	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		; /* as a rule */
	} else if (!g_file_get_contents(path, &text, &span.len, error)) {
		status = RELOAD_E_CONFIG;
	} else {
		span.data = (const uint8_t *)text;
		files->kinds = g_bytes_new_take(text, span.len);
		status = reload_document_learn(files->document, files->trust, &span, 1, path, now,
					       &document, error);
		if (status == RELOAD_OK) {
			reload_document_unref(files->document);
			files->document = document;
		}
	}
	g_free(path);
	return status;
}

ReloadStatus reload_driver_load_document(const char *path, const char *overlay, int64_t now,
					 DriverFiles *files, GError **error)
{
	memset(files, 0, sizeof(*files));
	if (path == NULL)
		return reload_fail(error, RELOAD_E_CONFIG, "the overlay document is missing: name it");
	files->document = reload_document_load_file(path, overlay, now, error);
	if (files->document == NULL)
		return RELOAD_E_CONFIG;
	files->trust = reload_document_trust(files->document, error);
	if (files->trust != NULL)
		return RELOAD_OK;
	reload_error_prefix(error, path);
	reload_driver_files_clear(files);
	return RELOAD_E_CONFIG;
}

ReloadStatus reload_driver_load_node(const char *node_directory, int64_t now, DriverFiles *files,
				     GError **error)
{
	ReloadStatus status = RELOAD_E_CONFIG;

	if (node_directory == NULL)
		reload_fail(error, status, "the node's directory is missing: name it");
	else
		status = load_kinds(node_directory, now, files, error);
	if (status == RELOAD_OK)
		status = load_identity(node_directory, now, files, error);
	if (status != RELOAD_OK)
		reload_driver_files_clear(files);
	return status;
}

ReloadStatus reload_driver_load(const char *document_path, const char *overlay,
				const char *node_directory, int64_t now, DriverFiles *files,
				GError **error)
{
	ReloadStatus status = reload_driver_load_document(document_path, overlay, now, files, error);

	return status == RELOAD_OK ? reload_driver_load_node(node_directory, now, files, error) : status;
}

/* ---- warnings ---- */

static void add_warning(void *user, ReloadLogLevel level, const char *line)
{
	(void)level;
	g_ptr_array_add(user, g_strdup(line));
}

/* Lines about what ends soon; NULL: nothing does. */
static GPtrArray *warnings_of(const DriverFiles *files, const ReloadDriverOptions *options,
			      int64_t now)
{
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);

	(void)reload_driver_tell_ends(files, options->document_path, options->node_directory, now,
				      add_warning, warnings);
	if (warnings->len == 0)
		g_clear_pointer(&warnings, g_ptr_array_unref);
	return warnings;
}

/* ---- addresses ---- */

static ReloadStatus parse_list(const char *const *texts, uint16_t port, GArray **out,
			       GError **error)
{
	*out = g_array_new(FALSE, FALSE, sizeof(ReloadAddress));
	for (; texts != NULL && *texts != NULL; texts++) {
		ReloadAddress address;

		if (!reload_address_parse(*texts, port, &address))
			return reload_fail(
			    error, RELOAD_E_CONFIG,
			    "\"%s\" is no address; write 192.0.2.1:6084 or [2001:db8::1]:6084",
			    *texts);
		g_array_append_val(*out, address);
	}
	return RELOAD_OK;
}

/* Others connect to what is advertised: else to what we listen on, if they can. */
static ReloadStatus check_reachable(const GArray *listen, const GArray *advertise, GError **error)
{
	const GArray *candidates = advertise->len > 0 ? advertise : listen;

	for (guint i = 0; i < candidates->len; i++) {
		const ReloadAddress *address = &g_array_index(candidates, ReloadAddress, i);
		char text[RELOAD_ADDRESS_TEXT];

		if (reload_address_is_any(address))
			return reload_fail(
			    error, RELOAD_E_CONFIG,
			    "nobody can connect to %s; advertise an address of this host",
			    reload_address_to_text(address, text));
		if (advertise->len > 0 && address->port == 0)
			return reload_fail(error, RELOAD_E_CONFIG,
					   "nobody can connect to %s; advertise it with its port",
					   reload_address_to_text(address, text));
	}
	return RELOAD_OK;
}

ReloadStatus reload_driver_parse_addresses(const ReloadDriverOptions *options, DriverAddresses *out,
					   GError **error)
{
	ReloadStatus status;

	if (!options->client && (options->listen == NULL || options->listen[0] == NULL))
		return reload_fail(error, RELOAD_E_CONFIG,
				   "no address to listen on; name one such as 192.0.2.1:6084");
	status = parse_list(options->listen, RELOAD_PORT_DEFAULT, &out->listen, error);
	if (status == RELOAD_OK)
		status =
		    parse_list(options->advertise, RELOAD_PORT_DEFAULT, &out->advertise, error);
	if (status == RELOAD_OK)
		status = parse_list(options->app_listen, APP_PORT, &out->app_listen, error);
	if (status == RELOAD_OK)
		status = parse_list(options->app_advertise, APP_PORT, &out->app_advertise, error);
	if (status == RELOAD_OK)
		status = check_reachable(out->listen, out->advertise, error);
	if (status == RELOAD_OK)
		status = check_reachable(out->app_listen, out->app_advertise, error);
	return status;
}

void reload_driver_addresses_clear(DriverAddresses *addresses)
{
	g_clear_pointer(&addresses->listen, g_array_unref);
	g_clear_pointer(&addresses->advertise, g_array_unref);
	g_clear_pointer(&addresses->app_listen, g_array_unref);
	g_clear_pointer(&addresses->app_advertise, g_array_unref);
}

ReloadStatus reload_driver_check(const ReloadDriverOptions *options, GPtrArray **warnings,
				 GError **error)
{
	int64_t now = g_get_real_time() / 1000;
	DriverAddresses addresses = {0};
	DriverFiles files = {0};
	ReloadStatus status = reload_driver_parse_addresses(options, &addresses, error);

	if (warnings != NULL)
		*warnings = NULL;
	if (status == RELOAD_OK)
		status = reload_driver_load(options->document_path, options->overlay,
					    options->node_directory, now, &files, error);
	if (status == RELOAD_OK && warnings != NULL)
		*warnings = warnings_of(&files, options, now);
	reload_driver_files_clear(&files);
	reload_driver_addresses_clear(&addresses);
	return status;
}
