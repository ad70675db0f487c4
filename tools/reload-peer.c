/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reload-peer: a RELOAD peer without SIP, for storage and as bootstrap node. */
#include "reload_core/link/driver.h"
#include "reload_core/link/socket_address.h"
#include "reload_core/usages/turn/record.h"
#include "reload_core/usages/turn/server.h"

#include <stdio.h>

typedef struct {
	gboolean check, first, client;
	char *document, *overlay, *directory, *keylog, *control, *log_level;
	char *turn;
	char **listen, **advertise;
	ReloadAddress turn_address; /* type 0: none */
} Arguments;

/* RFC 5766, 4: "The default port for TURN over UDP and TCP" */
#define TURN_PORT 3478

static int fail(GError *error)
{
	fprintf(stderr, "reload-peer: %s\n", error->message);
	g_error_free(error);
	return 1;
}

static bool parse_turn(Arguments *arguments, GError **error)
{
	const char *wrong = NULL;

	if (!reload_address_parse(arguments->turn, TURN_PORT, &arguments->turn_address))
		wrong = "is no IP address with or without a port, as 198.51.100.7:3478";
	else if (!reload_turn_address_fits(&arguments->turn_address))
		wrong = "cannot be reached from everywhere: name the public address";
	if (wrong != NULL)
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--turn: %s %s",
			    arguments->turn, wrong);
	return wrong == NULL;
}

static bool parse(Arguments *arguments, ReloadDriverOptions *options, int *argc, char ***argv,
		  GError **error)
{
	GOptionEntry entries[] = {
	    {"document", 0, 0, G_OPTION_ARG_FILENAME, &arguments->document, "overlay document",
	     "FILE"},
	    {"overlay", 0, 0, G_OPTION_ARG_STRING, &arguments->overlay,
	     "which overlay, where the document holds several", "NAME"},
	    {"dir", 0, 0, G_OPTION_ARG_FILENAME, &arguments->directory,
	     "directory with " RELOAD_NODE_CERTIFICATE_FILE " and " RELOAD_NODE_KEY_FILE, "DIR"},
	    {"listen", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->listen,
	     "address for links; may be given several times", "ADDR:PORT"},
	    {"advertise", 0, 0, G_OPTION_ARG_STRING_ARRAY, &arguments->advertise,
	     "how others reach --listen, where that differs", "ADDR:PORT"},
	    {"turn", 0, 0, G_OPTION_ARG_STRING, &arguments->turn,
	     "tell the overlay of the TURN server here, by a public address", "ADDR:PORT"},
	    {"first", 0, 0, G_OPTION_ARG_NONE, &arguments->first,
	     "start the overlay if there is none", NULL},
	    {"client", 0, 0, G_OPTION_ARG_NONE, &arguments->client,
	     "be linked to the overlay and never join it", NULL},
	    {"keylog", 0, 0, G_OPTION_ARG_FILENAME, &arguments->keylog,
	     "write TLS keys, to decode captures", "FILE"},
	    {"control", 0, 0, G_OPTION_ARG_FILENAME, &arguments->control, "socket for reloadctl",
	     "SOCKET"},
	    {"check", 0, 0, G_OPTION_ARG_NONE, &arguments->check, "check the configuration and end",
	     NULL},
	    {"log-level", 0, 0, G_OPTION_ARG_STRING, &arguments->log_level,
	     "error, warning, notice, info or debug (notice)", "LEVEL"},
	    {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	GOptionContext *context = g_option_context_new("- a peer of a RELOAD overlay");
	bool good;

	g_option_context_add_main_entries(context, entries, NULL);
	good = g_option_context_parse(context, argc, argv, error);
	g_option_context_free(context);
	if (good && *argc > 1) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			    "\"%s\" is no option; see --help", (*argv)[1]);
		good = false;
	}
	if (good && arguments->turn != NULL && !parse_turn(arguments, error))
		good = false;
	if (good && arguments->log_level != NULL &&
	    !reload_log_level_parse(arguments->log_level, &options->log_level)) {
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
			    "--log-level: \"%s\" is not error, warning, notice, info or debug",
			    arguments->log_level);
		good = false;
	}
	return good;
}

static void state_changed(void *user, ReloadNodeState state, int64_t now)
{
	(void)user;
	(void)now;
	if (state == RELOAD_NODE_JOINED)
		puts("joined");
	else if (state == RELOAD_NODE_ATTACHED)
		puts("attached");
}

static int check(const ReloadDriverOptions *options)
{
	GPtrArray *warnings = NULL;
	GError *error = NULL;

	if (reload_driver_check(options, &warnings, &error) != RELOAD_OK)
		return fail(error);
	for (guint i = 0; warnings != NULL && i < warnings->len; i++)
		fprintf(stderr, "reload-peer: warning: %s\n", (char *)warnings->pdata[i]);
	if (warnings != NULL)
		g_ptr_array_unref(warnings);
	puts("the configuration is good");
	return 0;
}

static int run(const ReloadDriverOptions *options, const ReloadAddress *turn)
{
	char node[RELOAD_NODE_ID_TEXT], text[RELOAD_ADDRESS_TEXT];
	GError *error = NULL;
	ReloadDriver *driver = reload_driver_new(options, &error);
	ReloadAddress address;
	bool good;

	if (driver == NULL)
		return fail(error);
	for (unsigned i = 0; reload_driver_bound(driver, RELOAD_LISTEN_LINKS, i, &address); i++)
		printf("listening %s %s\n",
		       reload_node_id_to_text(reload_node_id(reload_driver_node(driver)), node),
		       reload_address_to_text(&address, text));
	reload_driver_publish(driver);
	if (turn->type != 0 && reload_turn_density(reload_driver_document(driver)) == 0)
		reload_log_write(reload_driver_log(driver), RELOAD_LOG_WARNING,
				 "--turn: nothing is recorded, for the document's turn-density is 0");
	if (turn->type != 0)
		reload_turn_publish(reload_driver_node(driver), turn);
	reload_driver_start(driver);
	good = reload_driver_run(driver);
	reload_driver_free(driver);
	return good ? 0 : 1;
}

int main(int argc, char **argv)
{
	Arguments arguments = {0};
	ReloadDriverOptions options = {.program = "reload-peer", .log_level = RELOAD_LOG_NOTICE};
	GError *error = NULL;
	int result;

	setvbuf(stdout, NULL, _IOLBF, 0); /* who started us waits for these lines */
	if (!parse(&arguments, &options, &argc, &argv, &error)) {
		result = fail(error);
	} else {
		options.document_path = arguments.document;
		options.overlay = arguments.overlay;
		options.node_directory = arguments.directory;
		options.listen = (const char *const *)arguments.listen;
		options.advertise = (const char *const *)arguments.advertise;
		options.first_node = arguments.first;
		options.client = arguments.client;
		options.keylog_path = arguments.keylog;
		options.control_path = arguments.control;
		options.events.state = state_changed;
		result = arguments.check ? check(&options) : run(&options, &arguments.turn_address);
	}
	g_free(arguments.document);
	g_free(arguments.overlay);
	g_free(arguments.directory);
	g_free(arguments.keylog);
	g_free(arguments.control);
	g_free(arguments.log_level);
	g_free(arguments.turn);
	g_strfreev(arguments.listen);
	g_strfreev(arguments.advertise);
	return result;
}
