/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module toward Kamailio: what it exports, and what it does when Kamailio starts and stops. */
#include "modules/p2psip/broker.h"
#include "modules/p2psip/compat.h"
#include "modules/p2psip/config.h"
#include "modules/p2psip/flow_table.h"
#include "modules/p2psip/functions.h"
#include "modules/p2psip/location.h"
#include "modules/p2psip/lookup_cache.h"
#include "modules/p2psip/peer_process.h"
#include "modules/p2psip/phone_table.h"
#include "modules/p2psip/registrations.h"
#include "modules/p2psip/request.h"
#include "modules/p2psip/rpc.h"
#include "modules/p2psip/shared.h"
#include "modules/p2psip/statistics.h"
#include "modules/p2psip/transaction.h"
#include "modules/p2psip/variables.h"

MODULE_VERSION

/* --- functions for kamailio.cfg --- */

typedef int (*function_str)(struct sip_msg *msg, str *value);

static int call_with(struct sip_msg *msg, char *param, function_str function)
{
	str value = {NULL, 0};

	if (param != NULL && fixup_get_svalue(msg, (gparam_t *)param, &value) < 0) {
		LM_ERR("cannot read the parameter\n");
		return -1;
	}
	return function(msg, &value);
}

static int w_register(struct sip_msg *msg, char *route, char *unused)
{
	return call_with(msg, route, p2psip_ki_register);
}

static int w_lookup(struct sip_msg *msg, char *route, char *unused)
{
	return call_with(msg, route, p2psip_ki_lookup);
}

static int w_lookup_again(struct sip_msg *msg, char *route, char *unused)
{
	return call_with(msg, route, p2psip_ki_lookup_again);
}

static int w_fork(struct sip_msg *msg, char *uri, char *unused)
{
	return call_with(msg, uri, p2psip_ki_fork);
}

static int w_identify(struct sip_msg *msg, char *route, char *unused)
{
	return call_with(msg, route, p2psip_ki_identify);
}

static int w_route_dialog(struct sip_msg *msg, char *route, char *unused)
{
	return call_with(msg, route, p2psip_ki_route_dialog);
}

static int w_withdraw(struct sip_msg *msg, char *unused1, char *unused2)
{
	return p2psip_ki_withdraw(msg);
}

static int w_record_route(struct sip_msg *msg, char *unused1, char *unused2)
{
	return p2psip_ki_record_route(msg);
}

static int w_note_phone(struct sip_msg *msg, char *unused1, char *unused2)
{
	return p2psip_ki_note_phone(msg);
}

static int w_known_answer(struct sip_msg *msg, char *unused1, char *unused2)
{
	return p2psip_ki_known_answer(msg);
}

static int w_from_overlay(struct sip_msg *msg, char *unused1, char *unused2)
{
	return p2psip_ki_from_overlay(msg);
}

static int w_sane(struct sip_msg *msg, char *unused1, char *unused2)
{
	return p2psip_ki_sane(msg);
}

#define IN_REQUESTS (REQUEST_ROUTE | FAILURE_ROUTE | BRANCH_FAILURE_ROUTE)

static cmd_export_t functions[] = {
	{"p2psip_register", w_register, 1, fixup_spve_null, fixup_free_spve_null, IN_REQUESTS},
	{"p2psip_withdraw", w_withdraw, 0, 0, 0, IN_REQUESTS},
	{"p2psip_lookup", w_lookup, 1, fixup_spve_null, fixup_free_spve_null, IN_REQUESTS},
	{"p2psip_lookup_again", w_lookup_again, 1, fixup_spve_null, fixup_free_spve_null,
	 FAILURE_ROUTE},
	{"p2psip_fork", w_fork, 1, fixup_spve_null, fixup_free_spve_null, IN_REQUESTS},
	{"p2psip_identify", w_identify, 1, fixup_spve_null, fixup_free_spve_null, IN_REQUESTS},
	{"p2psip_record_route", w_record_route, 0, 0, 0, IN_REQUESTS},
	{"p2psip_route_dialog", w_route_dialog, 1, fixup_spve_null, fixup_free_spve_null,
	 IN_REQUESTS},
	{"p2psip_note_phone", w_note_phone, 0, 0, 0, IN_REQUESTS},
	{"p2psip_known_answer", w_known_answer, 0, 0, 0, ONREPLY_ROUTE},
	{"p2psip_from_overlay", w_from_overlay, 0, 0, 0, ANY_ROUTE},
	{"p2psip_sane", w_sane, 0, 0, 0, IN_REQUESTS},
	{NULL, NULL, 0, NULL, NULL, 0},
};

#define KEMI_STR(name, function) \
	{str_init("p2psip"), str_init(name), SR_KEMIP_INT, function, \
	 {SR_KEMIP_STR, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE}}
#define KEMI_NONE(name, function) \
	{str_init("p2psip"), str_init(name), SR_KEMIP_INT, function, \
	 {SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE, SR_KEMIP_NONE}}

/* "register" and the others are called KSR.p2psip.register(...) in KEMI scripts. */
static sr_kemi_t kemi_functions[] = {
	KEMI_STR("register", p2psip_ki_register),
	KEMI_NONE("withdraw", p2psip_ki_withdraw),
	KEMI_STR("lookup", p2psip_ki_lookup),
	KEMI_STR("lookup_again", p2psip_ki_lookup_again),
	KEMI_STR("fork", p2psip_ki_fork),
	KEMI_STR("identify", p2psip_ki_identify),
	KEMI_NONE("record_route", p2psip_ki_record_route),
	KEMI_STR("route_dialog", p2psip_ki_route_dialog),
	KEMI_NONE("note_phone", p2psip_ki_note_phone),
	KEMI_NONE("known_answer", p2psip_ki_known_answer),
	KEMI_NONE("from_overlay", p2psip_ki_from_overlay),
	KEMI_NONE("sane", p2psip_ki_sane),
	{{0, 0}, {0, 0}, 0, NULL, {0, 0, 0, 0, 0, 0}},
};

/* --- parameters --- */

static param_export_t params[] = {
	{"document", PARAM_STRING, &p2psip_config.document},
	{"node_dir", PARAM_STRING, &p2psip_config.node_dir},
	{"listen", PARAM_STRING | PARAM_USE_FUNC, p2psip_config_add_listen},
	{"advertise", PARAM_STRING, &p2psip_config.advertise},
	{"flow_listen", PARAM_STRING, &p2psip_config.flow_listen},
	{"flow_advertise", PARAM_STRING, &p2psip_config.flow_advertise},
	{"overlay_socket", PARAM_STRING, &p2psip_config.overlay_socket},
	{"flow_port", PARAM_INT, &p2psip_config.flow_port},
	{"flow_network", PARAM_STRING, &p2psip_config.flow_network},
	{"flow_idle", PARAM_INT, &p2psip_config.flow_idle},
	{"flow_rate", PARAM_INT, &p2psip_config.flow_rate},
	{"first_node", PARAM_INT, &p2psip_config.first_node},
	{"peer_path", PARAM_STRING, &p2psip_config.peer_path},
	{"async_group", PARAM_STRING, &p2psip_config.async_group},
	{"keylog", PARAM_STRING, &p2psip_config.keylog},
	{"location_table", PARAM_STRING, &p2psip_config.location_table},
	{"connect_timeout", PARAM_INT, &p2psip_config.connect_timeout},
	{"request_timeout", PARAM_INT, &p2psip_config.request_timeout},
	{"rpc_timeout", PARAM_INT, &p2psip_config.rpc_timeout},
	{"leave_timeout", PARAM_INT, &p2psip_config.leave_timeout},
	{"restart_min", PARAM_INT, &p2psip_config.restart_min},
	{"restart_max", PARAM_INT, &p2psip_config.restart_max},
	{"queue_size", PARAM_INT, &p2psip_config.queue_size},
	{"lookup_cache_size", PARAM_INT, &p2psip_config.lookup_cache_size},
	{"lookup_cache_ttl", PARAM_INT, &p2psip_config.lookup_cache_ttl},
	{"negative_cache_ttl", PARAM_INT, &p2psip_config.negative_cache_ttl},
	{"register_strict", PARAM_INT, &p2psip_config.register_strict},
	{NULL, 0, NULL},
};

/* --- start and stop --- */

static int init_memory(void)
{
	if (p2psip_shared_init() != 0 || p2psip_requests_init() != 0 || p2psip_flows_init() != 0 ||
	    p2psip_cache_init(p2psip_config.lookup_cache_size) != 0 ||
	    p2psip_registrations_init() != 0 || p2psip_phones_init() != 0) {
		LM_ERR("not enough memory: raise it with kamailio -m\n");
		return -1;
	}
	return 0;
}

static int mod_init(void)
{
	char identity[P2PSIP_HEX_SIZE + P2PSIP_NAME_MAX + 8];

	if (p2psip_config.peer_path == NULL)
		p2psip_config.peer_path = p2psip_peer_default_path();
	if (p2psip_config_check() != 0)
		return -1;
	if (tm_load_api(&p2psip_tm) < 0) {
		LM_ERR("module tm is not loaded: add loadmodule \"tm.so\" before p2psip.so\n");
		return -1;
	}
	if (p2psip_location_init() != 0)
		return -1;
	if (p2psip_peer_check(identity, sizeof(identity)) != 0 ||
	    p2psip_config_identity(identity) != 0)
		return -1;
	if (p2psip_dialog_init() != 0 || init_memory() != 0 || p2psip_statistics_init() != 0 ||
	    p2psip_resume_init() != 0)
		return -1;
	if (register_check_self_func(p2psip_check_self) < 0 ||
	    rpc_register_array(p2psip_rpc_commands) != 0) {
		LM_ERR("cannot register with Kamailio's core\n");
		return -1;
	}
	register_procs(1);
	cfg_register_child(1);
	return 0;
}

static int start_broker(void)
{
	int pid = fork_process(PROC_RPC, "P2PSIP broker", 1);

	if (pid < 0) {
		LM_ERR("cannot fork the broker\n");
		return -1;
	}
	if (pid > 0)
		return 0;
	if (cfg_child_init() != 0)
		return -1;
	p2psip_broker_run();
}

static int child_init(int rank)
{
	if (rank == PROC_INIT)
		return p2psip_config_check_async_group();
	if (rank == PROC_MAIN)
		return start_broker();
	/* usrloc, initialised before this module, has loaded its database in this very process. */
	if (rank == PROC_SIPINIT)
		p2psip_location_scan();
	if (rank > 0)
		p2psip_rpc_in_worker();
	return 0;
}

static void mod_destroy(void)
{
	p2psip_registrations_destroy();
	p2psip_phones_destroy();
	p2psip_requests_destroy();
	p2psip_cache_destroy();
	p2psip_flows_destroy();
	p2psip_shared_destroy();
}

struct module_exports exports = {
	"p2psip", DEFAULT_DLFLAGS, functions, params, 0, p2psip_variables, 0, mod_init, child_init,
	mod_destroy,
};

int mod_register(char *path, int *dlflags, void *p1, void *p2)
{
	sr_kemi_modules_add(kemi_functions);
	return 0;
}
