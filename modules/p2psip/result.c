/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results of the module's functions, per message. */
#include "modules/p2psip/result.h"

#include "modules/p2psip/request.h"

struct noted {
	msg_ctx_id_t id;
	int value;
};

static struct noted status;
static struct noted from_ok;
static int resuming;

static void note(struct noted *noted, struct sip_msg *msg, int value)
{
	msg_ctx_id_set(msg, &noted->id);
	noted->value = value;
}

int p2psip_result_code(int value)
{
	switch (value) {
	case P2PSIP_OK:
		return 1;
	case P2PSIP_DEFERRED:
		return 2;
	case P2PSIP_SUSPENDED:
	case P2PSIP_ABSORBED:
		return 0;
	default:
		return -value;
	}
}

int p2psip_result_set(struct sip_msg *msg, int value)
{
	note(&status, msg, value);
	return p2psip_result_code(value);
}

void p2psip_result_set_from_ok(struct sip_msg *msg, int ok)
{
	note(&from_ok, msg, ok);
}

int p2psip_result_status(struct sip_msg *msg)
{
	if (resuming || msg_ctx_id_match(msg, &status.id) == 1)
		return status.value;
	return -1;
}

int p2psip_result_from_ok(struct sip_msg *msg)
{
	if (resuming || msg_ctx_id_match(msg, &from_ok.id) == 1)
		return from_ok.value;
	return 0;
}

void p2psip_result_resume(struct p2psip_request *request)
{
	resuming = request != NULL;
	from_ok.value = 0;
	if (request != NULL)
		status.value = request->status;
	else
		status.id.msgid = from_ok.id.msgid = 0;
}
