/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attach both ways (RFC 6940, 6.5.1), with No-ICE: who sent the Attach listens, who answers it
 * connects. */
#include "reload_core/peer/node_private.h"
#include "reload_core/wire/attach.h"
#include "reload_core/wire/error.h"

/* Attaches of ours at one time. */
#define ATTACHES_MAX 256

typedef struct {
	uint64_t cookie;
	ReloadNode *node;
	ReloadDestination destination;
	uint64_t transaction; /* 0: answered */
	ReloadNodeId remote;  /* who answered; len 0: not answered yet */
	bool theirs_first;    /* the other side's own Attach to us makes the link */
	ReloadStatus failure;
	int64_t deadline; /* ms */
} Ours;

typedef struct {
	ReloadNodeId remote;
	ReloadAddress candidates[RELOAD_CANDIDATES_MAX];
	unsigned count, tried;
	ReloadLinkId link; /* being opened */
	bool send_update;
} Theirs;

struct ReloadAttaches {
	GPtrArray *ours;   /* Ours */
	GPtrArray *theirs; /* Theirs */
};

ReloadAttaches *reload_attaches_new(void)
{
	ReloadAttaches *attaches = g_new0(ReloadAttaches, 1);

	attaches->ours = g_ptr_array_new_with_free_func(g_free);
	attaches->theirs = g_ptr_array_new_with_free_func(g_free);
	return attaches;
}

void reload_attaches_free(ReloadAttaches *attaches)
{
	if (attaches == NULL)
		return;
	g_ptr_array_unref(attaches->ours);
	g_ptr_array_unref(attaches->theirs);
	g_free(attaches);
}

static void log_attach(ReloadNode *node, const char *what, const ReloadNodeId *id,
		       ReloadStatus status)
{
	char text[RELOAD_NODE_ID_TEXT];

	reload_node_log(node, RELOAD_LOG_DEBUG, "Attach %s %s: %s", what,
			id->len != 0 ? reload_node_id_to_text(id, text) : "(nobody yet)",
			reload_strerror(status));
}

/* Ends one of our Attaches, telling the topology. */
static void ours_done(ReloadNode *node, Ours *ours, ReloadStatus status, int64_t now)
{
	uint64_t cookie = ours->cookie;
	ReloadNodeId remote = ours->remote;

	if (ours->transaction != 0)
		reload_router_cancel(node->router, ours->transaction);
	log_attach(node, "to", &remote, status);
	g_ptr_array_remove_fast(node->attaches->ours, ours);
	if (cookie == RELOAD_CLIENT_COOKIE) {
		reload_client_attach_done(node, status, remote.len != 0 ? &remote : NULL, now);
		return;
	}
	node->plugin->attach_done(node->topology, cookie, status, remote.len != 0 ? &remote : NULL,
				  now);
}

/* The request was answered: now the link has to come. */
static void answered(Ours *ours, const ReloadNodeId *from, int64_t now)
{
	ReloadNode *node = ours->node;

	ours->transaction = 0;
	ours->remote = *from;
	reload_links_keep(node, from);
	if (reload_node_id_equal(from, &node->self))
		ours_done(node, ours, RELOAD_E_STATE, now);
	else if (reload_links_linked(node, from))
		ours_done(node, ours, RELOAD_OK, now);
	else
		ours->deadline = now + RELOAD_LINK_WAIT_MS;
}

/* 6.5.1.2: an Attach of the other side is under way; it may still have to arrive here. */
static void their_turn(Ours *ours, const ReloadNodeId *from, int64_t now)
{
	ours->theirs_first = true;
	answered(ours, from, now);
}

static void on_reply(void *data, ReloadStatus status, const ReloadMessage *answer,
		     const ReloadNodeId *from, int64_t now)
{
	Ours *ours = data;
	ReloadAttach attach;

	ours->transaction = 0;
	if (status == RELOAD_OK && reload_attach_decode(answer->body, &attach) == RELOAD_OK)
		answered(ours, from, now);
	else if (status == RELOAD_E_REMOTE &&
		 reload_message_error_code(answer) == RELOAD_ERROR_IN_PROGRESS)
		their_turn(ours, from, now);
	else
		ours_done(ours->node, ours, status == RELOAD_OK ? RELOAD_E_MALFORMED : status, now);
}

static bool write_body(const ReloadNode *node, const char *role, bool send_update, GByteArray *body)
{
	GByteArray *candidates = g_byte_array_new();
	ReloadAttach attach = {.role = reload_span_text(role), .send_update = send_update};
	bool good;

	reload_candidates_write(node->addresses, candidates);
	attach.candidates = reload_span(candidates->data, candidates->len);
	good = reload_write_attach(body, &attach);
	g_byte_array_unref(candidates);
	return good;
}

void reload_attach_start(ReloadNode *node, const ReloadDestination *destination,
			 const ReloadNodeId *via, bool send_update, uint64_t cookie, int64_t now)
{
	ReloadDestination list[2];
	GByteArray *body;
	Ours *ours = g_new0(Ours, 1);
	unsigned count = 0;

	ours->cookie = cookie;
	ours->node = node;
	ours->destination = *destination;
	ours->destination.raw = (ReloadSpan){0};
	ours->deadline = INT64_MAX;
	if (node->attaches->ours->len >= ATTACHES_MAX) {
		ours->failure = RELOAD_E_LIMIT;
	} else if (destination->type == RELOAD_DESTINATION_NODE && !send_update &&
		   !reload_node_has_several_ids(node) && reload_links_linked(node, &destination->node_id)) {
		ours->remote = destination->node_id;
		reload_links_keep(node, &ours->remote);
		ours->deadline = now; /* nothing to do: reported by the next tick */
	} else {
		if (via != NULL && !reload_node_id_equal(via, &node->self))
			list[count++] = reload_destination_node(via);
		list[count++] = *destination;
		body = g_byte_array_new();
		write_body(node, "passive", send_update, body);
		ours->failure = reload_node_originate(node, list, count, RELOAD_ATTACH_REQ,
						      reload_span(body->data, body->len), NULL, 0,
						      on_reply, ours, now, &ours->transaction);
		g_byte_array_unref(body);
	}
	if (ours->failure != RELOAD_OK)
		ours->deadline = now;
	g_ptr_array_add(node->attaches->ours, ours);
}

/* Our own Attach to remote that is under way, or NULL. */
static Ours *ours_to(const ReloadNode *node, const ReloadNodeId *remote)
{
	for (guint i = 0; i < node->attaches->ours->len; i++) {
		Ours *ours = g_ptr_array_index(node->attaches->ours, i);

		if (ours->failure == RELOAD_OK &&
		    (reload_node_id_equal(&ours->remote, remote) ||
		     (ours->destination.type == RELOAD_DESTINATION_NODE &&
		      reload_node_id_equal(&ours->destination.node_id, remote))))
			return ours;
	}
	return NULL;
}

static Theirs *theirs_by_link(const ReloadNode *node, ReloadLinkId link)
{
	for (guint i = 0; i < node->attaches->theirs->len; i++) {
		Theirs *theirs = g_ptr_array_index(node->attaches->theirs, i);

		if (theirs->link == link)
			return theirs;
	}
	return NULL;
}

/* Opens a link to the next candidate; false: none is left. */
static bool connect_next(ReloadNode *node, Theirs *theirs)
{
	while (theirs->tried < theirs->count) {
		theirs->link = node->io.link_connect(
		    node->io.user, &theirs->candidates[theirs->tried++], &theirs->remote);
		if (theirs->link != 0)
			return true;
	}
	return false;
}

/* 6.5.1.2: two Attaches that cross; false: theirs is to be refused, and ours goes on. */
static bool yields_to(const ReloadNode *node, const ReloadNodeId *remote, int64_t now)
{
	const Ours *ours = ours_to(node, remote);

	if (ours == NULL || ours->deadline <= now || ours->theirs_first)
		return true;
	return ours->transaction != 0 && memcmp(node->self.id, remote->id, node->self.len) < 0;
}

/* Theirs was accepted: ours is given up, and ends with the link that theirs makes, or has found. */
static void yield_to(ReloadNode *node, const ReloadNodeId *remote, int64_t now)
{
	Ours *ours = ours_to(node, remote);

	if (ours == NULL || ours->deadline <= now || ours->theirs_first)
		return;
	reload_router_cancel(node->router, ours->transaction);
	ours->transaction = 0;
	ours->remote = *remote;
	ours->theirs_first = true;
	ours->deadline = reload_links_linked(node, remote) ? now : now + RELOAD_LINK_WAIT_MS;
}

/* The link to remote that is being opened for its Attach, or NULL. */
static Theirs *theirs_to(const ReloadNode *node, const ReloadNodeId *remote)
{
	for (guint i = 0; i < node->attaches->theirs->len; i++) {
		Theirs *theirs = g_ptr_array_index(node->attaches->theirs, i);

		if (reload_node_id_equal(&theirs->remote, remote))
			return theirs;
	}
	return NULL;
}

/* No more is to be opened for it: remote is linked, by this or another link, or cannot be reached. */
static void theirs_done(ReloadNode *node, Theirs *theirs, int64_t now)
{
	ReloadNodeId remote = theirs->remote;
	bool send_update = theirs->send_update;

	g_ptr_array_remove_fast(node->attaches->theirs, theirs);
	if (send_update && reload_links_linked(node, &remote))
		node->plugin->send_update(node->topology, &remote, now);
}

/* Did it come over a link to its sender? That is the link it asks for. */
static bool is_over_own_link(const ReloadIncoming *request)
{
	return reload_node_id_equal(&request->previous_hop, &request->signer) &&
	       request->message->header.via_list.len == 0;
}

/* Begins to make the link that the Attach asks for. False: no limit allows it. */
static bool accept_attach(ReloadNode *node, const ReloadIncoming *request, const Theirs *asked)
{
	Theirs *theirs = theirs_to(node, &asked->remote);

	if (theirs != NULL) {
		theirs->send_update |= asked->send_update;
		return true;
	}
	if (is_over_own_link(request)) {
		reload_links_keep(node, &asked->remote);
		return true;
	}
	if (node->attaches->theirs->len >= RELOAD_CONNECTING_MAX)
		return false;
	if (!reload_quota_take(node->opening, &asked->remote, node->now))
		return false;
	theirs = g_memdup2(asked, sizeof(*asked));
	if (!connect_next(node, theirs)) {
		g_free(theirs);
		return false;
	}
	g_ptr_array_add(node->attaches->theirs, theirs);
	return true;
}

typedef struct {
	ReloadNodeId id;
} SendUpdate;

static void send_update_later(ReloadNode *node, gpointer data, int64_t now)
{
	SendUpdate *update = data;

	if (reload_links_linked(node, &update->id))
		node->plugin->send_update(node->topology, &update->id, now);
	g_free(update);
}

void reload_attach_on_request(ReloadNode *node, const ReloadIncoming *request,
			      ReloadOutcome *outcome, int64_t now)
{
	Theirs asked = {.remote = request->signer};
	ReloadAttach attach;
	ReloadStatus status = reload_attach_decode(request->message->body, &attach);

	if (status != RELOAD_OK) {
		reload_outcome_unreadable(outcome, status, "malformed Attach");
		return;
	}
	asked.send_update = attach.send_update;
	asked.count =
	    reload_candidates_read(attach.candidates, asked.candidates, RELOAD_CANDIDATES_MAX);
	/* A client that nobody can connect to has none (4.2.1). */
	if (asked.count == 0 && !is_over_own_link(request)) {
		reload_outcome_error(outcome, RELOAD_ERROR_INVALID_MESSAGE,
				     "no candidate of a link type that this peer has");
		return;
	}
	if (node->state == RELOAD_NODE_LEAVING ||
	    reload_node_id_equal(&asked.remote, &node->self)) {
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN, "not attaching");
		return;
	}
	if (!yields_to(node, &asked.remote, now)) {
		log_attach(node, "refused, ours is under way, from", &asked.remote, RELOAD_OK);
		reload_outcome_error(outcome, RELOAD_ERROR_IN_PROGRESS, NULL);
		return;
	}
	if (!accept_attach(node, request, &asked)) {
		reload_outcome_error(outcome, RELOAD_ERROR_FORBIDDEN, "too many links");
		return;
	}
	log_attach(node, "from", &asked.remote, RELOAD_OK);
	yield_to(node, &asked.remote, now);
	if (reload_node_id_equal(&request->previous_hop, &asked.remote))
		reload_links_attached(node, &asked.remote);
	write_body(node, "active", false, outcome->body);
	if (attach.send_update && theirs_to(node, &asked.remote) == NULL) {
		SendUpdate *update = g_new0(SendUpdate, 1);

		update->id = asked.remote;
		reload_node_defer(node, send_update_later, update, g_free);
	}
}

const ReloadNodeId *reload_attach_expected(const ReloadNode *node, ReloadLinkId link)
{
	Theirs *theirs = theirs_by_link(node, link);

	return theirs != NULL ? &theirs->remote : NULL;
}

void reload_attach_link_up(ReloadNode *node, ReloadLinkId link, const ReloadNodeId *id, int64_t now)
{
	Theirs *theirs = theirs_by_link(node, link);
	Ours *ours;

	if (theirs != NULL)
		theirs_done(node, theirs, now);
	while ((ours = ours_to(node, id)) != NULL) {
		ours->remote = *id;
		ours_done(node, ours, RELOAD_OK, now);
	}
}

bool reload_attach_link_failed(ReloadNode *node, ReloadLinkId link, int64_t now)
{
	Theirs *theirs = theirs_by_link(node, link);

	if (theirs == NULL)
		return false;
	if (!connect_next(node, theirs))
		theirs_done(node, theirs, now);
	return true;
}

bool reload_attach_needs(const ReloadNode *node, const ReloadNodeId *id)
{
	return ours_to(node, id) != NULL || theirs_to(node, id) != NULL;
}

int64_t reload_attach_tick(ReloadNode *node, int64_t now)
{
	int64_t next = INT64_MAX;
	guint i = 0;

	while (i < node->attaches->ours->len) {
		Ours *ours = g_ptr_array_index(node->attaches->ours, i);

		if (ours->deadline <= now) {
			ReloadStatus status = ours->failure;

			if (status == RELOAD_OK && !reload_links_linked(node, &ours->remote))
				status = RELOAD_E_TIMEOUT;
			ours_done(node, ours, status, now);
			i = 0; /* the topology may have started others */
			continue;
		}
		next = MIN(next, ours->deadline);
		i++;
	}
	return next;
}
