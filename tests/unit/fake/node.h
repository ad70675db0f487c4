/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node for tests of usages: it implements what they call of peer/node.h, and its overlay is one
 * storing peer that answers when the test says so. */
#ifndef TESTS_UNIT_FAKE_NODE_H
#define TESTS_UNIT_FAKE_NODE_H

#include "reload_core/peer/node.h"
#include "reload_core/storage/storage.h"
#include "tests/unit/ca_fixture.h"

/* extra: elements for the document, or NULL. Its Node-ID is that of a certificate of
 * "edge@example.org". */
ReloadNode *fake_node_new(const char *extra);
void fake_node_free(ReloadNode *node);

CaFixture *fake_node_ca(ReloadNode *node);

/* Answers all requests under way, and those that are made meanwhile; returns how many. */
unsigned fake_node_run(ReloadNode *node, int64_t now);
/* Requests that wait for an answer. */
unsigned fake_node_pending(ReloadNode *node);

/* How the overlay misbehaves. */
typedef struct {
	bool refuse;			 /* takes no requests at all: not joined */
	ReloadStatus fail;		 /* requests end with this */
	unsigned fail_after;		 /* ... once so many were answered */
	size_t room;			 /* for answers, bytes; 0: plenty */
	int64_t clock;			 /* the storing peer's is so many ms before ours */
	void (*forge)(GByteArray *body); /* changes the body of a FetchAns */
} FakeFaults;
FakeFaults *fake_node_faults(ReloadNode *node);

#endif
