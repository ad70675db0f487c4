/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RPC commands. p2psip.status answers from shared memory; the others pass a line to the peer
 * through the broker and wait for its text, for rpc_timeout at most and in no SIP worker. */
#include "modules/p2psip/rpc.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "modules/p2psip/config.h"
#include "modules/p2psip/flow_table.h"
#include "modules/p2psip/registrations.h"
#include "modules/p2psip/request.h"
#include "modules/p2psip/shared.h"

static int in_worker;

void p2psip_rpc_in_worker(void)
{
	in_worker = 1;
}

static struct p2psip_request *new_command(const char *line)
{
	struct p2psip_request *request = p2psip_request_new(P2PSIP_FOR_RPC);

	if (request == NULL)
		return NULL;
	sem_init(&request->answered, 1, 0);
	request->state = P2PSIP_WAITED_FOR;
	request->text = shm_malloc(strlen(line) + 1);
	if (request->text != NULL) {
		strcpy(request->text, line);
		if (p2psip_request_send(request) == 0)
			return request;
	}
	p2psip_request_free(request);
	return NULL;
}

/* Waits for the answer: 0, or -1 when it is too late; then the broker frees the request. */
static int wait_for(struct p2psip_request *request)
{
	int waited_for = P2PSIP_WAITED_FOR;
	struct timespec until;
	int ms = p2psip_config.rpc_timeout + 1000; /* the broker gives up first */
	int result;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	do {
		result = sem_timedwait(&request->answered, &until);
	} while (result != 0 && errno == EINTR);
	if (result == 0)
		return 0;
	if (__atomic_compare_exchange_n(&request->state, &waited_for, P2PSIP_ABANDONED, 0,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return -1;
	/* It has come in this very moment, and the broker is about to post: that must not hit freed
	 * memory. */
	while (sem_wait(&request->answered) != 0 && errno == EINTR)
		;
	return 0;
}

static void add_lines(rpc_t *rpc, void *ctx, char *text)
{
	char *line, *rest = NULL;

	for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
		rpc->rpl_printf(ctx, "%s", line);
}

static void command(rpc_t *rpc, void *ctx, const char *line)
{
	struct p2psip_request *request;

	if (in_worker) {
		rpc->fault(ctx, 503,
			   "not in a SIP worker: use kamcmd, or JSON-RPC over FIFO or datagram");
		return;
	}
	if (!p2psip_shared->running) {
		rpc->fault(ctx, 503, "p2psip-peer is not running");
		return;
	}
	request = new_command(line);
	if (request == NULL) {
		rpc->fault(ctx, 503, "too many requests under way");
		return;
	}
	if (wait_for(request) != 0) {
		rpc->fault(ctx, 504, "the broker does not answer");
		return;
	}
	if (request->status == P2PSIP_OK)
		add_lines(rpc, ctx, request->text);
	else
		rpc->fault(ctx, request->status == P2PSIP_TIMED_OUT ? 504 : 500, "%s%s%.400s",
			   p2psip_status_name(request->status), request->text_len ? ": " : "",
			   request->text_len ? request->text : "");
	p2psip_request_free(request);
}

static void rpc_status(rpc_t *rpc, void *ctx)
{
	char text[sizeof(p2psip_shared->text)];
	void *s;
	int64_t uptime;

	p2psip_shared_text(text, sizeof(text));
	uptime = p2psip_shared->running ? (p2psip_now() - p2psip_shared->started) / 1000 : 0;
	if (rpc->add(ctx, "{", &s) < 0)
		return;
	rpc->struct_add(
	    s, "sssdsddddddd", "overlay", p2psip_config.overlay, "node", p2psip_config.hex, "name",
	    p2psip_config.own_name.s, "joined", p2psip_shared->joined, "state", text, "peer_pid",
	    p2psip_shared->running ? p2psip_shared->peer_pid : 0, "peer_uptime", (int)uptime,
	    "peer_restarts", (int)p2psip_shared->restarts, "registrations",
	    (int)p2psip_registrations_count(), "known_nodes", (int)p2psip_flows_count(),
	    "cached_lookups", (int)p2psip_cache_count(), "requests", (int)p2psip_requests_count());
}

static void rpc_neighbors(rpc_t *rpc, void *ctx)
{
	command(rpc, ctx, "neighbors");
}

static void rpc_fingers(rpc_t *rpc, void *ctx)
{
	command(rpc, ctx, "fingers");
}

static void rpc_stored(rpc_t *rpc, void *ctx)
{
	command(rpc, ctx, "stored");
}

static void rpc_flows(rpc_t *rpc, void *ctx)
{
	command(rpc, ctx, "flows");
}

static void rpc_reload(rpc_t *rpc, void *ctx)
{
	command(rpc, ctx, "reload");
}

static void rpc_lookup_aor(rpc_t *rpc, void *ctx)
{
	char line[P2PSIP_AOR_MAX + 16];
	str aor;

	if (rpc->scan(ctx, "S", &aor) < 1 || aor.len <= 0 || aor.len >= P2PSIP_AOR_MAX ||
	    memchr(aor.s, '\n', aor.len) != NULL) {
		rpc->fault(ctx, 400, "give an AOR: p2psip.lookup alice@overlay.example.org");
		return;
	}
	snprintf(line, sizeof(line), "lookup %.*s", aor.len, aor.s);
	command(rpc, ctx, line);
}

static const char *doc_status[] = {"State of this edge and its peer", NULL};
static const char *doc_neighbors[] = {"The peer's neighbor table", NULL};
static const char *doc_fingers[] = {"The peer's finger table", NULL};
static const char *doc_stored[] = {"What the peer stores for the overlay", NULL};
static const char *doc_flows[] = {"Flows to other edges", NULL};
static const char *doc_lookup[] = {"Looks an AOR up: p2psip.lookup AOR", NULL};
static const char *doc_reload[] = {"Reads certificates and document again", NULL};

rpc_export_t p2psip_rpc_commands[] = {
    {"p2psip.status", rpc_status, doc_status, 0},
    {"p2psip.neighbors", rpc_neighbors, doc_neighbors, 0},
    {"p2psip.fingers", rpc_fingers, doc_fingers, 0},
    {"p2psip.stored", rpc_stored, doc_stored, 0},
    {"p2psip.flows", rpc_flows, doc_flows, 0},
    {"p2psip.lookup", rpc_lookup_aor, doc_lookup, 0},
    {"p2psip.reload", rpc_reload, doc_reload, 0},
    {NULL, NULL, NULL, 0},
};
