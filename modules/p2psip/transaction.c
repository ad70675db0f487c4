/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Suspending transactions (any worker) and resuming them (async workers). */
#include "modules/p2psip/transaction.h"

#include <string.h>

#include "modules/p2psip/destination.h"
#include "modules/p2psip/functions.h"
#include "modules/p2psip/result.h"
#include "modules/p2psip/shared.h"

struct tm_binds p2psip_tm;

static struct p2psip_request *resumed; /* until it has been applied to its message */

static int set_route(struct p2psip_request *request, const str *route)
{
	if (route == NULL || route->len <= 0 || route->len >= P2PSIP_ROUTE_MAX) {
		LM_ERR("no route to go on in: give its name, of at most %d characters\n",
		       P2PSIP_ROUTE_MAX - 1);
		return -1;
	}
	memcpy(request->route, route->s, route->len);
	request->route[route->len] = '\0';
	if (sr_kemi_eng_get() == NULL && route_lookup(&main_rt, request->route) < 0) {
		LM_ERR("there is no route[%s] to go on in: add it\n", request->route);
		return -1;
	}
	return 0;
}

/* The transaction of msg: 1 there is one, 0 msg is a retransmission, -1 it cannot be made. */
static int have_transaction(struct sip_msg *msg)
{
	struct cell *t = p2psip_tm.t_gett();

	if (t != NULL && t != T_UNDEFINED)
		return 1;
	if (p2psip_tm.t_newtran(msg) < 0) {
		LM_ERR("cannot make a transaction\n");
		return -1;
	}
	t = p2psip_tm.t_gett();
	return t != NULL && t != T_UNDEFINED;
}

int p2psip_suspend(struct sip_msg *msg, struct p2psip_request *request, const str *route)
{
	int result;

	if (msg->first_line.type != SIP_REQUEST || msg->REQ_METHOD == METHOD_ACK ||
	    set_route(request, route) != 0) {
		p2psip_request_free(request);
		return P2PSIP_FAILED;
	}
	result = have_transaction(msg);
	if (result <= 0) {
		p2psip_request_free(request);
		return result < 0 ? P2PSIP_FAILED : P2PSIP_ABSORBED;
	}
	result = p2psip_tm.t_suspend(msg, &request->tindex, &request->tlabel);
	if (result != 0) {
		p2psip_request_free(request);
		return result < 0 ? P2PSIP_FAILED : P2PSIP_ABSORBED; /* 1: cancelled already */
	}
	if (p2psip_request_send(request) == 0)
		return P2PSIP_SUSPENDED;
	p2psip_tm.t_cancel_suspend(request->tindex, request->tlabel);
	p2psip_request_free(request);
	return P2PSIP_BUSY;
}

int p2psip_ask_aside(struct sip_msg *msg, struct p2psip_request *request)
{
	int result = P2PSIP_OK;

	if (request->purpose == P2PSIP_FOR_FORK &&
	    p2psip_tm.t_get_trans_ident(msg, &request->tindex, &request->tlabel) < 0)
		result = P2PSIP_FAILED;
	else if (p2psip_request_send(request) != 0)
		result = P2PSIP_BUSY;
	if (result != P2PSIP_OK)
		p2psip_request_free(request);
	return result;
}

/* Runs before the route in which a transaction goes on, with the message that the route will see.
 */
static int before_route(struct sip_msg *msg, unsigned flags, void *param)
{
	struct p2psip_request *request = resumed;
	int status;

	if (request == NULL)
		return 1;
	resumed = NULL;
	status = request->status;
	switch (request->purpose) {
	case P2PSIP_FOR_LOOKUP:
		if (status == P2PSIP_OK)
			status = p2psip_destination_edges(msg, &request->targets);
		break;
	case P2PSIP_FOR_ANOTHER:
		p2psip_destination_untried(msg, &request->targets);
		if (status == P2PSIP_OK)
			status = p2psip_destination_edges(msg, &request->targets);
		break;
	case P2PSIP_FOR_DIALOG:
		if (status == P2PSIP_OK)
			status = p2psip_destination_node(msg, request->node);
		break;
	case P2PSIP_FOR_IDENTITY:
		p2psip_result_set_from_ok(
		    msg,
		    status == P2PSIP_OK && p2psip_targets_name(&request->targets, request->node));
		break;
	case P2PSIP_FOR_REGISTER:
		status = p2psip_register_status(status);
		break;
	default:
		break;
	}
	p2psip_result_set(msg, status);
	return 1;
}

int p2psip_resume_init(void)
{
	if (register_script_cb(before_route, PRE_SCRIPT_CB | FAILURE_CB, NULL) != 0) {
		LM_ERR("cannot register a script callback\n");
		return -1;
	}
	return 0;
}

static void resume_route(struct p2psip_request *request)
{
	str event = str_init("p2psip:continue");
	str route = {request->route, strlen(request->route)};
	int index;

	resumed = request;
	p2psip_result_resume(request);
	if (sr_kemi_eng_get() != NULL) {
		p2psip_tm.t_continue_cb(request->tindex, request->tlabel, &route, &event);
	} else {
		index = route_lookup(&main_rt, request->route);
		if (index >= 0)
			p2psip_tm.t_continue(request->tindex, request->tlabel,
					     main_rt.rlist[index]);
	}
	p2psip_result_resume(NULL);
	resumed = NULL;
}

/* New branches for a call that rings already at this edge. */
static void resume_fork(struct p2psip_request *request)
{
	struct cell *before = p2psip_tm.t_gett();
	struct cell *t = NULL;
	str any = {NULL, 0};

	if (request->status != P2PSIP_OK)
		return;
	if (p2psip_tm.t_lookup_ident(&t, request->tindex, request->tlabel) < 0) {
		LM_DBG("the call is over before its other edges are known\n");
		return;
	}
	if (!(t->flags & T_CANCELED) && t->uas.status < 200 &&
	    p2psip_destination_append(t->uas.request, &request->targets, NULL) > 0)
		p2psip_tm.t_append_branches(&any);
	clear_branches();
	p2psip_tm.unref_cell(t);
	p2psip_tm.t_sett(before, T_BR_UNDEFINED);
}

void p2psip_resume(struct p2psip_request *request)
{
	if (request->purpose == P2PSIP_FOR_FORK)
		resume_fork(request);
	else
		resume_route(request);
	p2psip_request_free(request);
}
