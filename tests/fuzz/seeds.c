/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the first inputs for the targets whose inputs no other program writes: seeds DIR makes
 * DIR/node from the samples of every message (tests/unit/wire_samples.c) and for each usage,
 * DIR/storage, DIR/certificate and DIR/document. ./run vectors has those for fuzz_message. */
#include <glib/gstdio.h>
#include <stdio.h>

#include "reload_core/wire/buffer.h"
#include "tests/fuzz/certificate_world.h"
#include "tests/fuzz/node_world.h"
#include "tests/fuzz/storage_world.h"
#include "tests/unit/wire_samples.h"

#define SELF 0x10

static bool save(const char *dir, const char *target, const char *name, const char *what,
		 const GByteArray *bytes)
{
	char *folder = g_build_filename(dir, target, NULL);
	char *file = g_strdup_printf("%s/%s%s", folder, name, what);
	bool good = g_mkdir_with_parents(folder, 0777) == 0 &&
		    g_file_set_contents(file, (const char *)bytes->data, bytes->len, NULL);

	if (!good)
		fprintf(stderr, "%s: cannot be written\n", file);
	g_free(folder);
	g_free(file);
	return good;
}

static void bytes(GByteArray *out, const char *text, size_t len)
{
	g_byte_array_append(out, (const guint8 *)text, (guint)len);
}

/* One event with a body; the bytes before it. */
static void event(GByteArray *out, NodeWorldEvent what, const uint8_t head[4],
		  const GByteArray *body)
{
	reload_write_u8(out, (uint8_t)what);
	g_byte_array_append(out, head, 4);
	reload_write_vector16(out, reload_span(body->data, body->len));
}

/* The sample as a request of the first neighbor, or as the answer to what the node asked last; then
 * time. */
static bool node_seed(const char *dir, const WireSample *sample, const GByteArray *body,
		      uint8_t where)
{
	GByteArray *out = g_byte_array_new();
	const uint8_t head[4] = {where % 3, where, (uint8_t)(1 + where % 3), (uint8_t)sample->code};
	char what[8];
	bool good;

	if (sample->code % 2 == 1) {
		event(out, NODE_WORLD_MESSAGE, head, body);
		event(out, NODE_WORLD_MESSAGE,
		      (const uint8_t[4]){1, where, 2, (uint8_t)sample->code}, body);
	} else {
		const uint8_t ask[4] = {0, where, (uint8_t)(sample->code - 1), 0};

		bytes(out, (const char *)(const uint8_t[]){NODE_WORLD_REQUEST}, 1);
		g_byte_array_append(out, ask, 3);
		bytes(out, "\0\0", 2);
		event(out, NODE_WORLD_ANSWER, (const uint8_t[4]){0, 0, 1, 0}, body);
	}
	bytes(out, (const char *)(const uint8_t[]){NODE_WORLD_TIME, 0, 8}, 3);
	g_snprintf(what, sizeof(what), "_%u", where);
	good = save(dir, "node", sample->name, what, out);
	g_byte_array_unref(out);
	return good;
}

#define KIND(id, model, access, more)                                                              \
	"<kind-block><kind id=\"" id "\"><data-model>" model                                       \
	"</data-model><access-control>" access                                                     \
	"</access-control><max-count>3</max-count><max-size>90</max-size>" more                    \
	"</kind>$</kind-block>"

static const char *const kinds[] = {
    KIND("4026531850", "SINGLE", "USER-MATCH", ""),
    KIND("4026531851", "DICTIONARY", "USER-NODE-MATCH", "")
	KIND("4026531852", "SINGLE", "NODE-MULTIPLE", "<max-node-multiple>4</max-node-multiple>"),
    KIND("4026531841", "ARRAY", "NODE-MATCH", ""),
    "<x:kind-block xmlns:x=\"urn:ietf:params:xml:ns:p2p:config-base\" xmlns=\"urn:&amp;y\"><x:kind "
    "id=\"4026531853\"><x:data-model>ARRAY</x:data-model><x:access-control>USER-MATCH</"
    "x:access-control><x:max-count>3</x:max-count><x:max-size>90</x:max-size><z/></x:kind></"
    "x:kind-block>",
};

#define MESSAGE(who, where, code) NODE_WORLD_MESSAGE, who, where, (who) + 1, code, 0, 0
#define ANSWER(who, which) NODE_WORLD_ANSWER, who, which, (who) + 1, 0, 0, 0
#define TIME(amount) NODE_WORLD_TIME, 0, amount
#define USE(who, what) NODE_WORLD_USE, who, what
/* The neighbors answer what the node has sent last. */
#define ANSWERS(who) ANSWER(who, 0), ANSWER(who, 1), ANSWER(who, 2), ANSWER(who, 3)
#define JOINS(who)                                                                                 \
	MESSAGE(who, 0, RELOAD_ATTACH_REQ), TIME(4), NODE_WORLD_UP, who, ANSWERS(who),             \
	    MESSAGE(who, 0, RELOAD_JOIN_REQ), TIME(4), ANSWERS(who),                               \
	    MESSAGE(who, 0, RELOAD_UPDATE_REQ), TIME(4), ANSWERS(who)

/* What goes on around a node: peers join, values are stored and handed over, peers leave. */
static const uint8_t join[] = {JOINS(0), JOINS(1),   JOINS(2), TIME(8),	  ANSWERS(0),
			       TIME(12), ANSWERS(1), TIME(17), ANSWERS(2)};
static const uint8_t store[] = {USE(0, NODE_WORLD_SIP_REGISTER),
				USE(0, NODE_WORLD_CERTIFICATE_STORE),
				MESSAGE(0, 6, RELOAD_STORE_REQ),
				JOINS(0),
				ANSWERS(0),
				TIME(8),
				ANSWERS(0),
				MESSAGE(0, 6, RELOAD_FETCH_REQ),
				MESSAGE(0, 6, RELOAD_STAT_REQ),
				MESSAGE(0, 6, RELOAD_FIND_REQ),
				USE(0, NODE_WORLD_SIP_LOOKUP),
				ANSWERS(0),
				TIME(12),
				ANSWERS(0),
				MESSAGE(0, 0, RELOAD_LEAVE_REQ),
				TIME(12),
				ANSWERS(1)};
static const uint8_t leave[] = {USE(0, NODE_WORLD_SIP_REGISTER),
				USE(0, NODE_WORLD_PUBLISH),
				TIME(4),
				JOINS(0),
				JOINS(1),
				TIME(8),
				ANSWERS(0),
				NODE_WORLD_LEAVE,
				0,
				ANSWERS(0),
				ANSWERS(1),
				TIME(8),
				ANSWERS(0),
				TIME(12)};
static const uint8_t ask[] = {JOINS(0),
			      USE(0, NODE_WORLD_SIP_LOOKUP),
			      ANSWER(0, 0),
			      USE(0, NODE_WORLD_CERTIFICATE_BY_USER),
			      ANSWER(0, 0),
			      USE(0, NODE_WORLD_TURN_FIND),
			      ANSWER(0, 0),
			      ANSWER(0, 0),
			      USE(0, NODE_WORLD_CERTIFICATE_BY_NODE),
			      ANSWER(0, 0),
			      TIME(9),
			      NODE_WORLD_ANSWER,
			      0,
			      0,
			      1,
			      1,
			      0,
			      0,
			      TIME(12)};
static const uint8_t client[] = {NODE_WORLD_CLIENT,
				 0,
				 ANSWERS(0),
				 TIME(8),
				 ANSWERS(0),
				 USE(0, NODE_WORLD_SIP_LOOKUP),
				 ANSWER(0, 0),
				 USE(0, NODE_WORLD_SIP_REGISTER),
				 ANSWER(0, 0),
				 MESSAGE(0, 0, RELOAD_PING_REQ),
				 MESSAGE(0, 0, RELOAD_STORE_REQ),
				 NODE_WORLD_DOWN,
				 0,
				 TIME(10),
				 NODE_WORLD_UP,
				 0,
				 ANSWERS(0),
				 TIME(12)};
static const uint8_t edges[] = {NODE_WORLD_DOCUMENT,
				0,
				NODE_WORLD_DOCUMENT | 0x10,
				0,
				NODE_WORLD_MESSAGE | 0x40,
				0,
				0,
				1,
				RELOAD_PING_REQ,
				0,
				0,
				NODE_WORLD_MESSAGE | 0x40,
				0,
				6,
				1,
				RELOAD_STORE_REQ,
				0,
				0,
				NODE_WORLD_MESSAGE | 0x80,
				0,
				0,
				1,
				RELOAD_PING_REQ,
				0,
				0,
				TIME(4),
				MESSAGE(1, 0, RELOAD_CONFIG_UPDATE_REQ),
				MESSAGE(1, 0, RELOAD_ROUTE_QUERY_REQ),
				MESSAGE(1, 0, RELOAD_PROBE_REQ),
				TIME(12)};
static const struct {
	const char *name;
	const uint8_t *events;
	size_t len;
} stories[] = {{"join", join, sizeof(join)},	   {"store", store, sizeof(store)},
	       {"leave", leave, sizeof(leave)},	   {"ask", ask, sizeof(ask)},
	       {"client", client, sizeof(client)}, {"edges", edges, sizeof(edges)}};

static bool story_seeds(const char *dir)
{
	bool good = true;

	for (unsigned i = 0; i < G_N_ELEMENTS(stories); i++) {
		GByteArray *out = g_byte_array_new();

		g_byte_array_append(out, stories[i].events, (guint)stories[i].len);
		good = save(dir, "node", "story_", stories[i].name, out) && good;
		g_byte_array_unref(out);
	}
	return good;
}

static bool document_seeds(const char *dir)
{
	bool good = true;

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		GByteArray *out = g_byte_array_new();
		char what[8];

		g_snprintf(what, sizeof(what), "%u", i);
		reload_write_u8(out, 'u');
		bytes(out, kinds[i], strlen(kinds[i]));
		good = save(dir, "document", "kinds_", what, out) && good;
		g_byte_array_set_size(out, 0);
		bytes(out, "s<required-kinds>", strlen("s<required-kinds>"));
		bytes(out, kinds[i], strlen(kinds[i]));
		bytes(out, "</required-kinds>", strlen("</required-kinds>"));
		good = save(dir, "document", "required_", what, out) && good;
		g_byte_array_unref(out);
	}
	return good;
}

/* Kinds beside the document, twice, from two neighbors; then a newer document. */
static bool kind_seeds(const char *dir)
{
	bool good = true;

	for (unsigned i = 0; i < G_N_ELEMENTS(kinds); i++) {
		GByteArray *out = g_byte_array_new();
		char what[8];

		for (uint8_t who = 0; who < 2; who++) {
			const uint8_t head[] = {NODE_WORLD_KIND, who, (uint8_t)(who + 1)};

			g_byte_array_append(out, head, sizeof(head));
			reload_write_vector16(out, reload_span_text(kinds[i]));
		}
		g_byte_array_append(out, (const uint8_t[]){NODE_WORLD_CONFIG, 0, 1}, 3);
		g_byte_array_append(out, (const uint8_t[]){NODE_WORLD_TIME, 0, 8}, 3);
		g_snprintf(what, sizeof(what), "%u", i);
		good = save(dir, "node", "kinds_", what, out) && good;
		g_byte_array_unref(out);
	}
	return good;
}

/* A usage asks twice, with the user registered and the certificate stored before, and time after
 * it. */
static bool usage_seeds(const char *dir)
{
	bool good = true;

	for (uint8_t usage = 0; usage < NODE_WORLD_USAGES; usage++) {
		const uint8_t events[] = {
		    NODE_WORLD_USE,  0, NODE_WORLD_SIP_REGISTER,
		    NODE_WORLD_USE,  0, NODE_WORLD_CERTIFICATE_STORE,
		    NODE_WORLD_TIME, 0, 4,
		    NODE_WORLD_USE,  0, usage,
		    NODE_WORLD_USE,  1, usage,
		    NODE_WORLD_TIME, 0, 8,
		    NODE_WORLD_ECHO, 0, 0,
		    NODE_WORLD_TIME, 0, 12,
		    NODE_WORLD_TIME, 0, 17,
		};
		GByteArray *out = g_byte_array_new();
		char what[8];

		g_byte_array_append(out, events, sizeof(events));
		g_snprintf(what, sizeof(what), "%u", usage);
		good = save(dir, "node", "usage_", what, out) && good;
		g_byte_array_append(out, (const uint8_t[]){NODE_WORLD_LEAVE, 0}, 2);
		g_byte_array_append(out, (const uint8_t[]){NODE_WORLD_TIME, 0, 12}, 3);
		good = save(dir, "node", "usage_leave_", what, out) && good;
		g_byte_array_unref(out);
	}
	return good;
}

static bool storage_seeds(const char *dir)
{
	static StorageWorld world;
	bool good = true;
	GByteArray *seed;

	storage_world_init(&world);
	for (unsigned i = 0; (seed = storage_world_seed(&world, i)) != NULL; i++) {
		char what[8];

		g_snprintf(what, sizeof(what), "%u", i);
		good = save(dir, "storage", "story_", what, seed) && good;
		g_byte_array_unref(seed);
	}
	return good;
}

static bool certificate_seeds(const char *dir)
{
	static CertificateWorld world;
	bool good = true;
	GByteArray *seed;

	certificate_world_init(&world);
	for (unsigned i = 0; (seed = certificate_world_seed(&world, i)) != NULL; i++) {
		char what[8];

		g_snprintf(what, sizeof(what), "%u", i);
		good = save(dir, "certificate", "certificate_", what, seed) && good;
		g_byte_array_unref(seed);
	}
	return good;
}

int main(int argc, char **argv)
{
	WireSampleContext context;
	bool good = true;

	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR\n");
		return 2;
	}
	wire_sample_context_init(&context);
	for (unsigned i = 0; i < WIRE_SAMPLE_NODES; i++)
		memset(context.nodes[i].id, (int)(SELF * (i + 1)), context.nodes[i].len);
	for (const WireSample *sample = wire_samples; sample->name != NULL; sample++) {
		GByteArray *body = wire_sample_body(&context, sample);

		for (uint8_t where = 0; where < 8; where += 2)
			good = node_seed(argv[1], sample, body, where) && good;
		g_byte_array_unref(body);
	}
	good = story_seeds(argv[1]) && usage_seeds(argv[1]) && kind_seeds(argv[1]) &&
	       document_seeds(argv[1]) && storage_seeds(argv[1]) && certificate_seeds(argv[1]) &&
	       good;
	return good ? 0 : 1;
}
