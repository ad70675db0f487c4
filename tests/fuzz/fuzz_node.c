/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole node, joined and alone at first: the input is a list of events (links that come and go,
 * frames on them, answers to what the node has asked, time that passes) that node_world.c carries
 * out. */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/node_world.h"

/* More events of one input are not looked at: time for one input is bounded. */
#define EVENTS_MAX 64

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	node_world_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ReloadReader input = reload_reader(reload_span(data, size));
	NodeWorld *world = node_world_new(size > 0 && data[0] == NODE_WORLD_CLIENT);

	for (unsigned i = 0; i < EVENTS_MAX && reload_reader_left(&input) > 0; i++)
		node_world_event(world, &input);
	node_world_free(world);
	return 0;
}
