/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The commands of reloadctl that read and sign documents. */
#include "tools/reloadctl_document.h"

#include "reload_core/config/document.h"
#include "tools/ca/files.h"
#include "tools/ca/overlay.h"
#include "tools/reloadctl.h"

#include <stdio.h>

static void print_kind(const ReloadKind *kind)
{
	printf("kind %s %u: %s %s, at most %u values of %u bytes%s\n",
	       kind->name ? kind->name : "-", kind->id, reload_data_model_name(kind->model),
	       reload_access_name(kind->access), kind->max_count, kind->max_size,
	       kind->required ? "" : " (not in the document)");
}

static gint compare_kinds(gconstpointer a, gconstpointer b)
{
	uint32_t left = (*(const ReloadKind *const *)a)->id,
		 right = (*(const ReloadKind *const *)b)->id;

	return left < right ? -1 : left > right;
}

static void print_document(const ReloadDocument *document)
{
	GPtrArray *kinds = g_ptr_array_new();
	GHashTableIter each;
	gpointer kind;
	char text[RELOAD_ADDRESS_TEXT], hex[RELOAD_NODE_ID_TEXT];
	char *date =
	    document->expiration == INT64_MAX ? g_strdup("never") : ca_date(document->expiration);

	printf("overlay %s\noverlay hash %08x\nsequence %u\nexpires %s\n", document->overlay,
	       document->overlay_hash, document->sequence, date);
	printf("topology-plugin %s\nroot-certs %u\nself-signed %s\nsignature %s\n",
	       document->topology_plugin, document->root_certs->len,
	       document->self_signed_permitted ? "permitted" : "not permitted",
	       document->is_signed ? "good" : "none (no configuration-signer is listed)");
	printf("shared-secret %s\n", document->shared_secret ? "set (not shown)" : "none");
	for (guint i = 0; i < document->bootstrap_nodes->len; i++)
		printf("bootstrap-node %s\n",
		       reload_address_to_text(
			   &g_array_index(document->bootstrap_nodes, ReloadAddress, i), text));
	for (guint i = 0; i < document->configuration_signers->len; i++)
		printf("configuration-signer %s\n",
		       reload_node_id_to_text(
			   &g_array_index(document->configuration_signers, ReloadNodeId, i), hex));
	for (guint i = 0; i < document->bad_nodes->len; i++)
		printf("bad-node %s\n",
		       reload_node_id_to_text(&g_array_index(document->bad_nodes, ReloadNodeId, i),
					      hex));
	printf("max-message-size %u bytes\ninitial-ttl %u\noverlay-reliability-timer %u ms\n",
	       document->max_message_size, document->initial_ttl,
	       document->overlay_reliability_timer);
	printf("chord-reactive %s\nchord-update-interval %u s\nchord-ping-interval %u s\n",
	       document->chord_reactive ? "true" : "false", document->chord_update_interval,
	       document->chord_ping_interval);
	g_hash_table_iter_init(&each, document->kinds);
	while (g_hash_table_iter_next(&each, NULL, &kind))
		g_ptr_array_add(kinds, kind);
	g_ptr_array_sort(kinds, compare_kinds);
	for (guint i = 0; i < kinds->len; i++)
		print_kind(kinds->pdata[i]);
	g_ptr_array_unref(kinds);
	g_free(date);
}

int document_check(int argc, char **argv)
{
	char *overlay = NULL, *name = argv[0];
	int result = RELOADCTL_USAGE;
	const GOptionEntry entries[] = {
	    {"overlay", 0, 0, G_OPTION_ARG_STRING, &overlay,
	     "Which overlay's configuration (default: the only one)", "NAME"},
	    {NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	ReloadDocument *document;
	GError *error = NULL;

	if (!reloadctl_parse(
		&argc, &argv, entries, "FILE",
		"Checks an overlay document as a peer does, its signatures and dates too, and "
		"prints what it says.",
		&result))
		return result;
	if (argc != 2) {
		fprintf(stderr, "%s: one FILE is needed (see %s --help)\n", name, name);
		g_free(overlay);
		return RELOADCTL_USAGE;
	}
	document = reload_document_load_file(argv[1], overlay, ca_now(), &error);
	g_free(overlay);
	if (!document)
		return reloadctl_fail(&error);
	print_document(document);
	reload_document_unref(document);
	return RELOADCTL_OK;
}

int document_sign(int argc, char **argv)
{
	char *directory = NULL, *name = argv[0];
	int sequence = -1, days = 365, result = RELOADCTL_USAGE;
	const GOptionEntry entries[] = {
	    {"dir", 'd', 0, G_OPTION_ARG_FILENAME, &directory,
	     "The CA's directory, with the signer", "DIR"},
	    {"sequence", 0, 0, G_OPTION_ARG_INT, &sequence, "Its new sequence (default: one more)",
	     "N"},
	    {"days", 0, 0, G_OPTION_ARG_INT, &days, "Its life from now (default 365)", "N"},
	    {NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	GError *error = NULL;

	if (!reloadctl_parse(
		&argc, &argv, entries, "[FILE]",
		"Signs the document (default: DIR/overlay.xml) and its Kinds with the overlay's "
		"configuration-signer, raises its sequence and renews its expiration.",
		&result))
		return result;
	if (!directory || argc > 2 || days < 1 || days > 36500 || sequence < -1 ||
	    sequence > 65534) {
		fprintf(stderr,
			"%s: --dir is needed, at most one FILE, --days 1 to 36500, --sequence 0 to "
			"65534 "
			"(see %s --help)\n",
			name, name);
		result = RELOADCTL_USAGE;
	} else if (ca_sign_document(directory, argc == 2 ? argv[1] : NULL, sequence, days,
				    &error)) {
		printf("%s signed\n", argc == 2 ? argv[1] : "overlay.xml");
		result = RELOADCTL_OK;
	} else {
		result = reloadctl_fail(&error);
	}
	g_free(directory);
	return result;
}

int kind_sign(int argc, char **argv)
{
	char *directory = NULL, *name = argv[0];
	int days = 365, result = RELOADCTL_USAGE;
	const GOptionEntry entries[] = {
	    {"dir", 'd', 0, G_OPTION_ARG_FILENAME, &directory,
	     "The CA's directory, with the signer and overlay.xml", "DIR"},
	    {"days", 0, 0, G_OPTION_ARG_INT, &days,
	     "Life of the signer's certificate from now (default 365)", "N"},
	    {NULL, 0, 0, 0, NULL, NULL, NULL},
	};
	GError *error = NULL;

	if (!reloadctl_parse(
		&argc, &argv, entries, "FILE",
		"Signs the kind-block elements in FILE with the overlay's kind-signer. As kinds.xml "
		"in a node's directory they define Kinds beside the document: the node uses them "
		"once it is started or reloaded, and tells every node that does not know them.",
		&result))
		return result;
	if (!directory || argc != 2 || days < 1 || days > 36500) {
		fprintf(stderr,
			"%s: --dir and one FILE are needed, --days 1 to 36500 (see %s --help)\n",
			name, name);
		result = RELOADCTL_USAGE;
	} else if (ca_sign_kinds(directory, argv[1], days, &error)) {
		printf("%s signed\n", argv[1]);
		result = RELOADCTL_OK;
	} else {
		result = reloadctl_fail(&error);
	}
	g_free(directory);
	return result;
}
