/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control commands that ask the overlay: ping, probe, fetch, lookup, turn. Each waits for its
 * answer. */
#include "reload_core/link/driver_private.h"

#include "reload_core/usages/sip/lookup.h"
#include "reload_core/usages/turn/find.h"
#include "reload_core/wire/error.h"
#include "reload_core/wire/fetch.h"
#include "reload_core/wire/ping.h"
#include "reload_core/wire/print.h"
#include "reload_core/wire/probe.h"
#include "reload_core/wire/stored_data.h"

/* For an answer; ms. */
#define TIMEOUT 5000
/* For all that it takes to find a TURN server; ms. */
#define TURN_TIMEOUT 15000
/* Under way at the same time. */
#define PENDING_MAX 64

typedef struct {
	ReloadDriver *driver;
	ReloadControlCall *call;
	ReloadRequestId request; /* 0: one of these two */
	ReloadSipLookup *lookup;
	ReloadTurnTask *turn;
	int64_t sent; /* us, monotonic */
	void (*print)(ReloadControlCall *call, const ReloadMessage *answer, ReloadDriver *driver);
} Pending;

static Pending *pending_new(ReloadDriver *driver, ReloadControlCall *call)
{
	Pending *pending = g_new0(Pending, 1);

	pending->driver = driver;
	pending->call = call;
	pending->sent = g_get_monotonic_time();
	g_ptr_array_add(driver->pending, pending);
	return pending;
}

static void finish(Pending *pending, const char *reason)
{
	ReloadControlCall *call = pending->call;

	g_ptr_array_remove_fast(pending->driver->pending, pending);
	g_free(pending);
	reload_control_end(call, reason);
}

void reload_driver_end_requests(ReloadDriver *driver, const char *reason)
{
	while (driver->pending->len > 0) {
		Pending *pending = driver->pending->pdata[driver->pending->len - 1];

		if (pending->request != 0)
			reload_node_cancel(driver->node, pending->request);
		reload_sip_lookup_cancel(pending->lookup);
		reload_turn_cancel(pending->turn);
		finish(pending, reason);
	}
}

/* ---- targets ---- */

/* "0123...": 32 hex digits, a Node-ID; "=01ab": a Resource-ID; anything else: a Resource Name, such
 * as an AOR. */
static bool parse_target(ReloadDriver *driver, const char *text, ReloadDestination *out)
{
	ReloadResourceId resource = {0};
	ReloadNodeId node;
	size_t length = strlen(text);

	if (reload_node_id_from_text(text, &node) &&
	    node.len == driver->files.document->node_id_length) {
		*out = reload_destination_node(&node);
		return true;
	}
	if (text[0] != '=') {
		reload_resource_id_from_name(driver->files.document, text, length, &resource);
		*out = reload_destination_resource(&resource);
		return true;
	}
	if (length < 3 || length % 2 == 0 || length / 2 > RELOAD_RESOURCE_ID_MAX)
		return false;
	for (size_t i = 1; i < length; i += 2) {
		int high = g_ascii_xdigit_value(text[i]), low = g_ascii_xdigit_value(text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		resource.id[resource.len++] = (uint8_t)(high << 4 | low);
	}
	*out = reload_destination_resource(&resource);
	return true;
}

/* ---- one request and its answer ---- */

static void answered(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	Pending *pending = data;
	char node[RELOAD_NODE_ID_TEXT];
	ReloadErrorResponse error;

	(void)now;
	if (status == RELOAD_E_REMOTE && answer != NULL &&
	    reload_error_decode(answer->body, &error) == RELOAD_OK) {
		char *text = reload_error_text(&error);

		finish(pending, text);
		g_free(text);
		return;
	}
	if (status != RELOAD_OK || answer == NULL) {
		finish(pending, reload_strerror(status));
		return;
	}
	reload_control_print(pending->call, "answer from %s in %.1f ms",
			     from != NULL ? reload_node_id_to_text(from, node) : "-",
			     (double)(g_get_monotonic_time() - pending->sent) / 1000);
	pending->print(pending->call, answer, pending->driver);
	finish(pending, NULL);
}

static void ask(ReloadDriver *driver, ReloadControlCall *call, const ReloadDestination *destination,
		uint16_t code, const GByteArray *body,
		void (*print)(ReloadControlCall *, const ReloadMessage *, ReloadDriver *))
{
	ReloadRequest request = {
	    .destinations = destination,
	    .destination_count = 1,
	    .code = code,
	    .body = {body->data, body->len},
	    .timeout = TIMEOUT,
	};
	Pending *pending;

	if (driver->pending->len >= PENDING_MAX) {
		reload_control_end(call, reload_strerror(RELOAD_E_LIMIT));
		return;
	}
	pending = pending_new(driver, call);
	pending->print = print;
	pending->request = reload_node_request(driver->node, &request, answered, pending,
					       reload_driver_now(driver));
	if (pending->request == 0)
		finish(pending, "the peer has not joined, or has too many requests open");
}

/* The usual beginning: COMMAND TARGET. False: the call was ended. */
static bool target_of(ReloadDriver *driver, ReloadControlCall *call, unsigned argc, char **argv,
		      unsigned wanted, ReloadDestination *out)
{
	if (argc == wanted && parse_target(driver, argv[1], out))
		return true;
	reload_control_end(call,
			   "name a target: 32 hex digits of a Node-ID, = and the hex digits of a "
			   "Resource-ID, or a Resource Name such as an AOR");
	return false;
}

/* ---- ping, probe ---- */

static void print_ping(ReloadControlCall *call, const ReloadMessage *answer, ReloadDriver *driver)
{
	ReloadPingAns ping;

	(void)driver;
	if (reload_ping_ans_decode(answer->body, &ping) != RELOAD_OK)
		reload_control_print(call, "its body is malformed");
}

static void ping(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDestination destination;
	ReloadPingReq request = {0};
	GByteArray *body;

	if (!target_of(user, call, argc, argv, 2, &destination))
		return;
	body = g_byte_array_new();
	reload_write_ping_req(body, &request);
	ask(user, call, &destination, RELOAD_PING_REQ, body, print_ping);
	g_byte_array_unref(body);
}

static void print_probe(ReloadControlCall *call, const ReloadMessage *answer, ReloadDriver *driver)
{
	ReloadProbeAns probe;
	ReloadProbeInformation info;

	(void)driver;
	if (reload_probe_ans_decode(answer->body, &probe) != RELOAD_OK) {
		reload_control_print(call, "its body is malformed");
		return;
	}
	while (reload_probe_information_next(&probe.probe_info, &info)) {
		if (info.type == RELOAD_PROBE_RESPONSIBLE_SET)
			reload_control_print(call, "responsible for      %.4f %% of the overlay",
					     info.number / 1e7);
		else if (info.type == RELOAD_PROBE_NUM_RESOURCES)
			reload_control_print(call, "resources stored     %u", info.number);
		else if (info.type == RELOAD_PROBE_UPTIME)
			reload_control_print(call, "up for               %u s", info.number);
	}
}

static void probe(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	static const uint8_t wanted[] = {RELOAD_PROBE_RESPONSIBLE_SET, RELOAD_PROBE_NUM_RESOURCES,
					 RELOAD_PROBE_UPTIME};
	ReloadProbeReq request = {.requested_info = {wanted, sizeof(wanted)}};
	ReloadDestination destination;
	GByteArray *body;

	if (!target_of(user, call, argc, argv, 2, &destination))
		return;
	body = g_byte_array_new();
	reload_write_probe_req(body, &request);
	ask(user, call, &destination, RELOAD_PROBE_REQ, body, print_probe);
	g_byte_array_unref(body);
}

/* ---- fetch ---- */

static void print_fetch(ReloadControlCall *call, const ReloadMessage *answer, ReloadDriver *driver)
{
	GString *text = g_string_new(NULL);

	reload_print_body(text, answer->code, answer->body, driver->files.document->node_id_length,
			  reload_document_data_model, driver->files.document);
	reload_control_print(call, "%s", text->str);
	g_string_free(text, TRUE);
}

static const ReloadKind *parse_kind(ReloadDriver *driver, const char *text)
{
	const ReloadKind *kind = reload_kind_builtin_by_name(text);
	char *end;
	guint64 id;

	if (kind != NULL)
		return reload_document_kind(driver->files.document, kind->id);
	id = g_ascii_strtoull(text, &end, 0);
	if (end == text || *end != '\0' || id > UINT32_MAX)
		return NULL;
	return reload_document_kind(driver->files.document, (uint32_t)id);
}

static void fetch(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDriver *driver = user;
	GByteArray *items, *specifiers, *body;
	ReloadStoredDataSpecifier specifier = {0};
	ReloadDestination destination;
	ReloadFetchReq request = {0};
	const ReloadKind *kind;

	if (!target_of(driver, call, argc, argv, 3, &destination))
		return;
	kind = parse_kind(driver, argv[2]);
	if (kind == NULL || destination.type != RELOAD_DESTINATION_RESOURCE) {
		reload_control_end(call, kind == NULL
					     ? "the overlay defines no such Kind"
					     : "a Node-ID stores nothing: name a resource");
		return;
	}
	items = g_byte_array_new();
	specifiers = g_byte_array_new();
	body = g_byte_array_new();
	specifier.kind = kind->id;
	specifier.model = kind->model;
	if (kind->model == RELOAD_MODEL_ARRAY)
		reload_write_array_range(items, (ReloadArrayRange){0, RELOAD_ARRAY_END});
	specifier.items = (ReloadSpan){items->data, items->len};
	reload_write_specifier(specifiers, &specifier);
	request.resource = destination.resource_id;
	request.specifiers = (ReloadSpan){specifiers->data, specifiers->len};
	reload_write_fetch_req(body, &request);
	ask(driver, call, &destination, RELOAD_FETCH_REQ, body, print_fetch);
	g_byte_array_unref(items);
	g_byte_array_unref(specifiers);
	g_byte_array_unref(body);
}

/* ---- lookup ---- */

static void print_route(ReloadControlCall *call, const ReloadSipRoute *route)
{
	char node[RELOAD_NODE_ID_TEXT];

	reload_control_print(call, "%s  at %s  for %u s more%s%s", route->aor.text,
			     reload_node_id_to_text(&route->node_id, node), route->lifetime,
			     route->contact_prefs != NULL && route->contact_prefs[0] != '\0' ? "  "
											     : "",
			     route->contact_prefs != NULL ? route->contact_prefs : "");
}

static void found(void *data, ReloadStatus status, const ReloadSipFound *result, int64_t now)
{
	Pending *pending = data;

	(void)now;
	pending->lookup = NULL;
	if (result == NULL || status != RELOAD_OK) {
		finish(pending, status == RELOAD_E_NOT_FOUND ? "nobody has registered this AOR"
							     : reload_strerror(status));
		return;
	}
	for (unsigned i = 0; i < result->route_count; i++)
		print_route(pending->call, &result->routes[i]);
	for (unsigned i = 0; i < result->external_count; i++)
		reload_control_print(pending->call, "%s  outside of the overlay",
				     result->external[i].text);
	if (result->partial)
		reload_control_print(pending->call, "there may be more: entries were discarded");
	reload_control_print(pending->call, "found in %.1f ms",
			     (double)(g_get_monotonic_time() - pending->sent) / 1000);
	finish(pending, NULL);
}

static void lookup(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDriver *driver = user;
	ReloadAor aor;
	ReloadStatus status;
	Pending *pending;

	if (argc == 3) {
		fetch(user, call, argc, argv);
		return;
	}
	if (argc != 2 || reload_aor_from_uri(argv[1], strlen(argv[1]), &aor) != RELOAD_OK) {
		reload_control_end(
		    call, "name an AOR such as alice@example.org, or a resource and a Kind");
		return;
	}
	if (driver->pending->len >= PENDING_MAX) {
		reload_control_end(call, reload_strerror(RELOAD_E_LIMIT));
		return;
	}
	pending = pending_new(driver, call);
	status = reload_sip_lookup(driver->node, &aor, TIMEOUT, found, pending,
				   reload_driver_now(driver), &pending->lookup);
	if (status != RELOAD_OK)
		finish(pending, reload_strerror(status));
}

/* ---- turn ---- */

static void turn_found(void *data, ReloadStatus status, const ReloadTurnFound *server, int64_t now)
{
	Pending *pending = data;
	char address[RELOAD_ADDRESS_TEXT], node[RELOAD_NODE_ID_TEXT];

	(void)now;
	pending->turn = NULL;
	if (status != RELOAD_OK) {
		finish(pending, status == RELOAD_E_NOT_FOUND ? "no TURN server was found"
							     : reload_strerror(status));
		return;
	}
	reload_control_print(pending->call, "%s  of %s  for %u s more",
			     reload_address_to_text(&server->address, address),
			     reload_node_id_to_text(&server->node_id, node), server->lifetime);
	finish(pending, NULL);
}

static void turn(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	ReloadDriver *driver = user;
	ReloadStatus status;
	Pending *pending;

	(void)argc;
	(void)argv;
	if (driver->pending->len >= PENDING_MAX) {
		reload_control_end(call, reload_strerror(RELOAD_E_LIMIT));
		return;
	}
	pending = pending_new(driver, call);
	status = reload_turn_find(driver->node, TURN_TIMEOUT, turn_found, pending,
				  reload_driver_now(driver), &pending->turn);
	if (status != RELOAD_OK)
		finish(pending, status == RELOAD_E_NOT_FOUND
				    ? "the overlay's turn-density is 0: it has no TURN servers"
				    : reload_strerror(status));
}

void reload_driver_add_requests(ReloadDriver *driver)
{
	ReloadControl *control = driver->control;

	reload_control_add(control, "ping", "TARGET - ask for a sign of life", ping, driver);
	reload_control_add(control, "probe", "TARGET - ask a peer how it is", probe, driver);
	reload_control_add(control, "lookup",
			   "AOR | TARGET KIND - find who serves a user; or fetch values", lookup,
			   driver);
	reload_control_add(control, "turn", "- find some TURN server", turn, driver);
}
