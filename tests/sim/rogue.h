/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A member gone bad: puts messages together byte by byte, signed by whatever key and certificate it likes, and
 * gives them to a node as if another had sent them. Written without the code under test where that would
 * refuse. */
#ifndef TESTS_SIM_ROGUE_H
#define TESTS_SIM_ROGUE_H

#include "tests/sim/sim.h"

/* A key with a certificate; nothing says that they are good. */
typedef struct {
	EVP_PKEY *key;
	GBytes *der;
	ReloadNodeId id;
	bool by_node_id; /* sign with cert_hash_node_id for id */
} RogueSigner;

/* What a certificate shall say; members that are 0 say what a good one does. */
typedef struct {
	const char *overlay;
	const ReloadNodeId *ids;
	unsigned id_count;
	const char *user, *second_user;
	int64_t not_before, not_after;
	const char *key_usage; /* "digitalSignature" */
	bool self_issued;      /* by its own key */
} RogueCertificate;

void rogue_signer_init(Sim *sim, RogueSigner *signer, const RogueCertificate *certificate);
/* A machine's own. */
void rogue_signer_of(SimNode *node, RogueSigner *signer);
void rogue_signer_clear(RogueSigner *signer);

typedef enum {
	ROGUE_HONEST,
	ROGUE_FLIPPED,   /* a bit of the signature is another */
	ROGUE_NO_VALUE,  /* the signature is empty */
	ROGUE_NONE,      /* identity none, as of a synthesized value */
	ROGUE_NO_CERTIFICATE,
	ROGUE_OTHER_CONTENTS, /* signed for another transaction */
} RogueTrick;

/* One message. What is 0 is as it should be. */
typedef struct {
	uint16_t code;
	ReloadSpan body;
	const RogueSigner *signer;
	RogueTrick trick;
	ReloadSpan destinations; /* empty: the victim */
	ReloadSpan via;
	ReloadSpan certificates; /* more GenericCertificates */
	uint64_t transaction;    /* 0: a new one, and it is told */
	uint8_t ttl;
	bool sequence_set;
	uint16_t sequence;
	uint32_t overlay;
	uint32_t fragment; /* the whole field */
} RogueMessage;

/* What it led to, at once. */
typedef struct {
	bool linked;      /* there was a link to send it over */
	bool answered;
	uint16_t code, error; /* of the answer */
	unsigned frames;  /* messages that the victim sent */
	size_t bytes;
	uint64_t requests, dropped_signature, dropped_malformed, dropped_limit, dropped_ttl, dropped_unroutable,
		dropped_duplicate, dropped_overlay; /* counted more than before */
} RogueOutcome;

/* Puts it together; free with g_byte_array_unref. */
GByteArray *rogue_write(Sim *sim, RogueMessage *message, const ReloadNodeId *victim);
/* Gives it to node `to` over its link of node `from`. Replaces sim_watch's function. */
RogueOutcome rogue_send(Sim *sim, unsigned from, unsigned to, RogueMessage *message);
RogueOutcome rogue_send_bytes(Sim *sim, unsigned from, unsigned to, ReloadSpan bytes, uint64_t transaction);
/* A link from signer to node `to`, out of machine `from`, whose own node knows nothing of it: nobody reads what
 * comes over it. */
ReloadLinkId rogue_link(Sim *sim, const RogueSigner *signer, unsigned from, unsigned to);
/* Gives it to node `to` over that link. */
RogueOutcome rogue_send_over(Sim *sim, ReloadLinkId link, unsigned to, RogueMessage *message);

/* A ring of all. */
void rogue_form(Sim *sim);
/* The others go on: `from` stores something new for user and everybody else finds it. */
void rogue_assert_served(Sim *sim, unsigned from, const char *user);
/* kB of memory of this process that no file backs, and its open files. */
size_t rogue_memory(void);
unsigned rogue_files(void);

#endif
