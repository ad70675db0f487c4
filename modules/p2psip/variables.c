/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pseudo-variables $p2psip(VAR_NAME); docs/module.md lists them. */
#include "modules/p2psip/variables.h"

#include <string.h>

#include "modules/p2psip/config.h"
#include "modules/p2psip/functions.h"
#include "modules/p2psip/result.h"
#include "modules/p2psip/shared.h"

enum variable {
	VAR_NODE,
	VAR_REMOTE_NODE,
	VAR_FROM_OK,
	VAR_STATUS,
	VAR_CODE,
	VAR_JOINED,
	VAR_OVERLAY,
	VAR_NAME,
	VAR_ON_OVERLAY,
};

static const char *const names[] = {
	[VAR_NODE] = "node",     [VAR_REMOTE_NODE] = "remote_node", [VAR_FROM_OK] = "from_ok",
	[VAR_STATUS] = "status", [VAR_CODE] = "rc",                 [VAR_JOINED] = "joined",
	[VAR_OVERLAY] = "overlay", [VAR_NAME] = "name",
	[VAR_ON_OVERLAY] = "on_overlay",
};

static int parse_name(pv_spec_t *spec, str *in)
{
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((int)strlen(names[i]) == in->len && memcmp(names[i], in->s, in->len) == 0) {
			spec->pvp.pvn.type = PV_NAME_INTSTR;
			spec->pvp.pvn.u.isname.type = 0;
			spec->pvp.pvn.u.isname.name.n = (int)i;
			return 0;
		}
	}
	LM_ERR("there is no $p2psip(%.*s): see docs/module.md for the names\n", in->len, in->s);
	return -1;
}

static int get_text(struct sip_msg *msg, pv_param_t *param, pv_value_t *value, const char *text)
{
	str s = {(char *)text, strlen(text)};

	return pv_get_strval(msg, param, value, &s);
}

static int get_remote_node(struct sip_msg *msg, pv_param_t *param, pv_value_t *value)
{
	static char hex[P2PSIP_HEX_SIZE];
	uint8_t node[P2PSIP_NODE_ID_LEN];

	if (msg == NULL || !p2psip_remote_node(msg, node))
		return pv_get_null(msg, param, value);
	p2psip_node_to_hex(node, hex);
	return get_text(msg, param, value, hex);
}

static int get(struct sip_msg *msg, pv_param_t *param, pv_value_t *value)
{
	int status;

	switch ((enum variable)param->pvn.u.isname.name.n) {
	case VAR_NODE:
		return get_text(msg, param, value, p2psip_config.hex);
	case VAR_OVERLAY:
		return get_text(msg, param, value, p2psip_config.overlay);
	case VAR_NAME:
		return pv_get_strval(msg, param, value, &p2psip_config.own_name);
	case VAR_JOINED:
		return pv_get_sintval(msg, param, value, p2psip_shared->joined != 0);
	case VAR_REMOTE_NODE:
		return get_remote_node(msg, param, value);
	case VAR_ON_OVERLAY:
		return pv_get_sintval(msg, param, value, msg != NULL &&
				      msg->rcv.bind_address == p2psip_config.overlay_si);
	case VAR_FROM_OK:
		return pv_get_sintval(msg, param, value, p2psip_result_from_ok(msg));
	case VAR_STATUS:
	case VAR_CODE:
		status = p2psip_result_status(msg);
		if (status < 0)
			return pv_get_null(msg, param, value);
		if (param->pvn.u.isname.name.n == VAR_CODE)
			return pv_get_sintval(msg, param, value, p2psip_result_code(status));
		return get_text(msg, param, value, p2psip_status_name(status));
	}
	return pv_get_null(msg, param, value);
}

pv_export_t p2psip_variables[] = {
	{STR_STATIC_INIT("p2psip"), PVT_OTHER, get, 0, parse_name, 0, 0, 0},
	{{0, 0}, 0, 0, 0, 0, 0, 0, 0},
};
