/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Routers in a row for the tests of routing/: each is linked to the one before and the one behind it, sends
 * are queued, and a test may look at, change or lose what is on its way. */
#ifndef TESTS_UNIT_ROUTING_ROW_H
#define TESTS_UNIT_ROUTING_ROW_H

#include "reload_core/routing/router.h"
#include "tests/unit/pki.h"

#define ROW_NODES_MAX 6

typedef struct Row Row;

/* Router number i has the Node-ID whose bytes are all 0x10 * (i + 1), and is responsible for Resource-IDs whose
 * first byte is that. */
typedef struct {
	Row *row;
	unsigned index;
	ReloadNodeId id;
	ReloadIdentity *identity;
	ReloadRouter *router;
	size_t mtu;
	ReloadAdmission admission;
	unsigned handled;       /* requests */
	GByteArray *answer;     /* what it answers; NULL: the request's body */
	unsigned outdated;
	bool silent;
} RowNode;

struct Row {
	Pki pki;
	ReloadDocument *document;
	RowNode nodes[ROW_NODES_MAX];
	unsigned count;
	int64_t now;
	GQueue queue; /* what is on its way */
	/* Looks at each message before it arrives; false loses it. May change it. */
	bool (*watch)(void *data, unsigned from, unsigned to, GByteArray *message);
	void *watch_data;
	uint32_t seed;
};

/* more: elements for the document, or "". */
void row_init(Row *row, unsigned count, const char *more);
void row_clear(Row *row);
/* Delivers until nothing is on its way. */
void row_run(Row *row);
/* Lets time pass in steps of 100 ms. */
void row_pass(Row *row, int64_t ms);
/* Gives a message to a router as if it came over the link of `from`. */
void row_inject(Row *row, unsigned from, unsigned to, ReloadSpan message);

typedef struct {
	unsigned replies;
	ReloadStatus status;
	uint16_t error_code;
	GByteArray *body;
	ReloadNodeId from;
	ReloadHeader header; /* without views */
	GByteArray *options;
} RowReply;
void row_reply(void *data, ReloadStatus status, const ReloadMessage *answer, const ReloadNodeId *from,
	       int64_t now);
void row_reply_clear(RowReply *reply);

/* Sends a request of body_len bytes from one router to another, and runs until all is quiet. */
void row_request(Row *row, unsigned from, unsigned to, uint16_t code, size_t body_len, RowReply *reply);
/* A signed message of node `signer`, with that header (its lists used as they are). */
GByteArray *row_message(Row *row, unsigned signer, const ReloadHeader *header, uint16_t code,
			ReloadSpan body, ReloadSpan extensions);
/* A header that is good, with a transaction ID of the test's. */
ReloadHeader row_header(Row *row, uint64_t transaction_id, ReloadSpan destination_list);
ReloadRouterStatistics row_count(Row *row, unsigned node);

#endif
