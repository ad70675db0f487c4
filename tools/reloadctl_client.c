/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reloadctl client: takes part in the overlay for the time of one question, as a client (RFC 6940, 4.2.1: over
 * one link to a bootstrap node), and asks what else a running peer would be asked. */
#include "reload_core/link/control.h"
#include "tools/reloadctl.h"

#include <stdio.h>

/* For a link to some bootstrap node; ms. */
#define CONNECT_MS 15000

typedef struct {
	GMainLoop *loop;
	ReloadDriver *driver;
	const char *line;
	bool asked, done;
	int result;
} Client;

static void answered(void *data, const char *text, const char *reason)
{
	Client *client = data;

	fputs(text, stdout);
	if (reason != NULL)
		fprintf(stderr, "reloadctl: %s\n", reason);
	client->done = true;
	client->result = reason == NULL ? RELOADCTL_OK : RELOADCTL_FAILED;
	g_main_loop_quit(client->loop);
}

static gboolean ask(gpointer data)
{
	Client *client = data;

	reload_control_run(reload_driver_control(client->driver), client->line, answered, client);
	return G_SOURCE_REMOVE;
}

static void state_changed(void *user, ReloadNodeState state, int64_t now)
{
	Client *client = user;

	(void)now;
	if (state != RELOAD_NODE_ATTACHED || client->asked)
		return;
	client->asked = true;
	g_idle_add(ask, client);
}

static gboolean too_late(gpointer data)
{
	Client *client = data;

	if (client->asked)
		return G_SOURCE_REMOVE; /* the command has a limit of its own */
	fprintf(stderr, "reloadctl: no bootstrap node of the document can be reached\n");
	g_main_loop_quit(client->loop);
	return G_SOURCE_REMOVE;
}

static int run_line(const char *document, const char *directory, const char *overlay, const char *line)
{
	Client client = {.line = line, .result = RELOADCTL_FAILED};
	ReloadDriverOptions options = {
		.program = "reloadctl",
		.document_path = document,
		.overlay = overlay,
		.node_directory = directory,
		.client = true,
		.log_level = RELOAD_LOG_ERROR,
		.events = {.user = &client, .state = state_changed},
	};
	GError *error = NULL;

	client.driver = reload_driver_new(&options, &error);
	if (client.driver == NULL)
		return reloadctl_fail(&error);
	client.loop = g_main_loop_new(NULL, FALSE);
	g_timeout_add(CONNECT_MS, too_late, &client);
	reload_driver_start(client.driver);
	g_main_loop_run(client.loop);
	while (g_source_remove_by_user_data(&client))
		;
	reload_driver_free(client.driver);
	g_main_loop_unref(client.loop);
	return client.result;
}

static int run_client(int argc, char **argv)
{
	char *document = NULL, *directory = NULL, *overlay = NULL;
	GOptionEntry entries[] = {
		{"document", 0, 0, G_OPTION_ARG_FILENAME, &document, "overlay document", "FILE"},
		{"dir", 0, 0, G_OPTION_ARG_FILENAME, &directory,
		 "directory with node.crt and node.key, of a node that is not running", "DIR"},
		{"overlay", 0, 0, G_OPTION_ARG_STRING, &overlay,
		 "instance-name, where the document has several", "NAME"},
		{NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
	};
	int result = RELOADCTL_USAGE;
	char *line;

	if (!reloadctl_parse(&argc, &argv, entries, "COMMAND [ARGUMENT...]",
			     "Asks the overlay without a running peer. COMMAND: ping TARGET, probe TARGET, "
			     "lookup AOR, lookup TARGET KIND, turn.",
			     &result))
		goto end;
	if (document == NULL || directory == NULL || argc < 2) {
		fprintf(stderr, "%s: %s (see %s --help)\n", argv[0],
			argc < 2 ? "name a command" : "--document and --dir are needed", argv[0]);
		goto end;
	}
	line = g_strjoinv(" ", argv + 1);
	result = run_line(document, directory, overlay, line);
	g_free(line);
end:
	g_free(overlay);
	g_free(directory);
	g_free(document);
	return result;
}

const ReloadctlCommand reloadctl_client_commands[] = {
	{"client", "--document FILE --dir DIR COMMAND [ARGUMENT...]",
	 "asks the overlay as a client, without a running peer", run_client},
	{NULL, NULL, NULL, NULL},
};
