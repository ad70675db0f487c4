/* SPDX-License-Identifier: GPL-2.0-or-later */
/* p2psip-peer: the process in which a Kamailio server runs its RELOAD peer. p2psip.so starts it. */
#include "modules/p2psip/peer/edge.h"

#include <stdio.h>

static int fail(GError *error)
{
	fprintf(stderr, "p2psip-peer: %s\n", error->message);
	g_error_free(error);
	return 1;
}

int main(int argc, char **argv)
{
	EdgeOptions options;
	GError *error = NULL;
	Edge *edge;
	int result = 0;

	if (!edge_options_parse(&options, &argc, &argv, &error)) {
		edge_options_clear(&options);
		return fail(error);
	}
	if (options.check) {
		result = edge_check(&options, &error) ? 0 : fail(error);
	} else if ((edge = edge_new(&options, &error)) == NULL) {
		result = fail(error);
	} else {
		reload_driver_start(edge->driver);
		reload_driver_run(edge->driver);
		edge_free(edge);
	}
	edge_options_clear(&options);
	return result;
}
