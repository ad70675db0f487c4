/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module's parameters and their validation. */
#include "modules/p2psip/config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct p2psip_config p2psip_config = {
    .flow_network = "127.64.0.0/10",
    .flow_port = 5090,
    .async_group = "p2psip",
    .location_table = "location",
    .connect_timeout = 4000,
    .flow_idle = 600,
    .flow_rate = 200,
    .request_timeout = 10000,
    .rpc_timeout = 3000,
    .leave_timeout = 1800,
    .restart_min = 500,
    .restart_max = 30000,
    .queue_size = 2000,
    .lookup_cache_size = 10000,
    .lookup_cache_ttl = 30,
    .negative_cache_ttl = 2,
};

int p2psip_config_add_listen(modparam_t type, void *value)
{
	if (p2psip_config.listen_count == P2PSIP_LISTEN_MAX) {
		LM_ERR("modparam listen: more than %d addresses: leave some out\n",
		       P2PSIP_LISTEN_MAX);
		return -1;
	}
	p2psip_config.listen[p2psip_config.listen_count++] = (char *)value;
	return 0;
}

static int check_text(const char *name, const char *value, const char *example)
{
	if (value != NULL && value[0] != '\0')
		return 0;
	LM_ERR("modparam %s is missing: add modparam(\"p2psip\", \"%s\", \"%s\")\n", name, name,
	       example);
	return -1;
}

static int check_readable(const char *name, const char *path, int mode)
{
	if (access(path, mode) == 0)
		return 0;
	LM_ERR("modparam %s: %s: %s: correct the path or its permissions for the user that "
	       "Kamailio runs as\n",
	       name, path, strerror(errno));
	return -1;
}

static int check_range(const char *name, int value, int low, int high)
{
	if (value >= low && value <= high)
		return 0;
	LM_ERR("modparam %s is %d: set it to a value from %d to %d\n", name, value, low, high);
	return -1;
}

/* ADDRESS:PORT or [ADDRESS]:PORT, as p2psip-peer takes it. */
static int check_address(const char *name, const char *value)
{
	char host[64];
	struct in6_addr any;
	const char *first = value;
	const char *colon;
	size_t len;
	char *end;
	long port;

	if (value == NULL)
		return 0;
	colon = strrchr(value, ':');
	len = colon ? (size_t)(colon - value) : 0;
	if (len >= 2 && value[0] == '[' && value[len - 1] == ']') {
		first++;
		len -= 2;
	}
	if (len == 0 || len >= sizeof(host))
		goto bad;
	memcpy(host, first, len);
	host[len] = '\0';
	port = strtol(colon + 1, &end, 10);
	if (*end != '\0' || port < 1 || port > 65535)
		goto bad;
	if (inet_pton(AF_INET, host, &any) == 1 || inet_pton(AF_INET6, host, &any) == 1)
		return 0;
bad:
	LM_ERR("modparam %s: \"%s\" is no ADDRESS:PORT: write it like 192.0.2.1:6084 or "
	       "[2001:db8::1]:6084\n",
	       name, value);
	return -1;
}

static int check_network(void)
{
	char text[32];
	struct in_addr address;
	char *slash;
	long bits = -1;

	if (strlen(p2psip_config.flow_network) < sizeof(text)) {
		strcpy(text, p2psip_config.flow_network);
		slash = strchr(text, '/');
		if (slash != NULL) {
			*slash = '\0';
			bits = strtol(slash + 1, NULL, 10);
		}
	}
	if (bits < 8 || bits > 30 || inet_pton(AF_INET, text, &address) != 1 ||
	    ntohl(address.s_addr) >> 24 != 127) {
		LM_ERR("modparam flow_network: \"%s\" is no network inside 127.0.0.0/8: write it "
		       "like 127.64.0.0/10\n",
		       p2psip_config.flow_network);
		return -1;
	}
	p2psip_config.netmask = 0xffffffffu << (32 - bits);
	p2psip_config.network = ntohl(address.s_addr) & p2psip_config.netmask;
	return 0;
}

/* The overlay-side socket: by its name, or by address and port. */
static int check_overlay_socket(void)
{
	str name = {p2psip_config.overlay_socket, strlen(p2psip_config.overlay_socket)};
	struct socket_info *si = ksr_get_socket_by_name(&name);
	char *host;
	int host_len, port, proto;
	str host_name;

	if (si == NULL && parse_phostport(name.s, &host, &host_len, &port, &proto) == 0) {
		host_name.s = host;
		host_name.len = host_len;
		si = grep_sock_info(&host_name, (unsigned short)port, PROTO_UDP);
	}
	if (si == NULL) {
		LM_ERR("modparam overlay_socket: Kamailio listens on no socket \"%s\": add "
		       "listen=udp:127.0.0.1:5070 name \"overlay\"\n",
		       name.s);
		return -1;
	}
	if (si->proto != PROTO_UDP || si->address.af != AF_INET || si->address.u.addr[0] != 127) {
		LM_ERR("modparam overlay_socket: %s is no UDP socket on 127.0.0.0/8: give the "
		       "overlay one of its own, as listen=udp:127.0.0.1:5070 name \"overlay\"\n",
		       si->sock_str.s);
		return -1;
	}
	if (p2psip_config_is_flow_address(si->address.u.addr32[0])) {
		LM_ERR("modparam overlay_socket: %s lies in flow_network %s: make one of "
		       "them another, as by default 127.0.0.1 and 127.64.0.0/10\n",
		       si->sock_str.s, p2psip_config.flow_network);
		return -1;
	}
	p2psip_config.overlay_si = si;
	return 0;
}

static int check_module_param(char *module, char *param, int wanted)
{
	struct sr_module *m = find_module_by_name(module);
	modparam_t type;
	int *value;

	if (m == NULL) {
		LM_ERR("module %s is not loaded: add loadmodule \"%s.so\" before p2psip.so\n",
		       module, module);
		return -1;
	}
	value = find_param_export(m, param, PARAM_INT, &type);
	if (value == NULL || *value == wanted)
		return 0;
	LM_ERR("AORs must be told apart by domain and by case: add modparam(\"%s\", \"%s\", %d)\n",
	       module, param, wanted);
	return -1;
}

static int check_paths(void)
{
	struct p2psip_config *c = &p2psip_config;

	if (check_text("document", c->document, "/etc/kamailio/p2psip/overlay.xml") != 0 ||
	    check_text("node_dir", c->node_dir, "/etc/kamailio/p2psip/node") != 0 ||
	    check_text("overlay_socket", c->overlay_socket, "overlay") != 0 ||
	    check_text("flow_listen", c->flow_listen, "192.0.2.1:6085") != 0 ||
	    check_text("listen", c->listen_count ? c->listen[0] : NULL, "192.0.2.1:6084") != 0)
		return -1;
	if (check_readable("document", c->document, R_OK) != 0 ||
	    check_readable("node_dir", c->node_dir, R_OK | X_OK) != 0 ||
	    check_readable("peer_path", c->peer_path, X_OK) != 0)
		return -1;
	return 0;
}

static int check_numbers(void)
{
	struct p2psip_config *c = &p2psip_config;

	if (check_range("flow_port", c->flow_port, 1, 65535) != 0 ||
	    check_range("connect_timeout", c->connect_timeout, 100, 30000) != 0 ||
	    check_range("flow_idle", c->flow_idle, 1, 86400) != 0 ||
	    check_range("flow_rate", c->flow_rate, 1, 10000) != 0 ||
	    check_range("request_timeout", c->request_timeout, 100, 25000) != 0 ||
	    check_range("rpc_timeout", c->rpc_timeout, 100, 60000) != 0 ||
	    check_range("leave_timeout", c->leave_timeout, 0, 60000) != 0 ||
	    check_range("restart_min", c->restart_min, 10, 60000) != 0 ||
	    check_range("restart_max", c->restart_max, c->restart_min, 3600000) != 0 ||
	    check_range("queue_size", c->queue_size, 16, 100000) != 0 ||
	    check_range("lookup_cache_size", c->lookup_cache_size, 0, 10000000) != 0 ||
	    check_range("lookup_cache_ttl", c->lookup_cache_ttl, 0, P2PSIP_KEPT_MAX) != 0 ||
	    check_range("negative_cache_ttl", c->negative_cache_ttl, 0, P2PSIP_KEPT_MAX) != 0 ||
	    check_range("first_node", c->first_node, 0, 1) != 0 ||
	    check_range("register_strict", c->register_strict, 0, 1) != 0)
		return -1;
	return 0;
}

int p2psip_config_check(void)
{
	struct p2psip_config *c = &p2psip_config;

	if (check_paths() != 0 || check_numbers() != 0 || check_network() != 0)
		return -1;
	for (int i = 0; i < c->listen_count; i++) {
		if (check_address("listen", c->listen[i]) != 0)
			return -1;
	}
	if (check_address("advertise", c->advertise) != 0 ||
	    check_address("flow_listen", c->flow_listen) != 0 ||
	    check_address("flow_advertise", c->flow_advertise) != 0 || check_overlay_socket() != 0)
		return -1;
	if (check_module_param("usrloc", "use_domain", 1) != 0 ||
	    check_module_param("registrar", "case_sensitive", 1) != 0)
		return -1;
	return 0;
}

int p2psip_config_is_flow_address(uint32_t address)
{
	return (ntohl(address) & p2psip_config.netmask) == p2psip_config.network;
}

static char *private_copy(const char *text)
{
	char *copy = pkg_malloc(strlen(text) + 1);

	if (copy == NULL) {
		PKG_MEM_ERROR;
		return NULL;
	}
	return strcpy(copy, text);
}

/* What "listen ... advertise NAME" does, without asking the DNS for a name that it does not know.
 */
static int name_overlay_socket(void)
{
	struct advertise_info *info = &p2psip_config.overlay_si->useinfo;
	char text[P2PSIP_HEX_SIZE + P2PSIP_NAME_MAX + 16];

	if (info->name.s != NULL) {
		LM_ERR("modparam overlay_socket: %s is advertised as %s: remove \"advertise\", the "
		       "module names this socket\n",
		       p2psip_config.overlay_si->sock_str.s, info->name.s);
		return -1;
	}
	if (snprintf(text, sizeof(text), "udp:%s:5060", p2psip_config.own_name.s) >=
	    (int)sizeof(text))
		return -1;
	info->name.s = private_copy(p2psip_config.own_name.s);
	info->address_str.s = private_copy(p2psip_config.own_name.s);
	info->port_no_str.s = private_copy("5060");
	info->sock_str.s = private_copy(text);
	if (!info->name.s || !info->address_str.s || !info->port_no_str.s || !info->sock_str.s)
		return -1;
	info->name.len = strlen(info->name.s);
	info->address_str.len = info->name.len;
	info->port_no = SIP_PORT;
	info->port_no_str.len = 4;
	info->sock_str.len = strlen(info->sock_str.s);
	return 0;
}

int p2psip_config_identity(const char *line)
{
	struct p2psip_config *c = &p2psip_config;
	char name[384];
	size_t len = strcspn(line, "\n");
	size_t hex = 2 * P2PSIP_NODE_ID_LEN;

	if (len < hex + 2 || line[hex] != ' ' || len - hex - 1 >= sizeof(c->overlay) ||
	    p2psip_node_from_hex(line, hex, c->node) != 0) {
		LM_ERR("modparam peer_path: %s --check printed no Node-ID: install p2psip.so and "
		       "p2psip-peer of one build\n",
		       c->peer_path);
		return -1;
	}
	p2psip_node_to_hex(c->node, c->hex);
	memcpy(c->overlay, line + hex + 1, len - hex - 1);
	c->overlay[len - hex - 1] = '\0';
	if (snprintf(name, sizeof(name), "%s.%s", c->hex, c->overlay) >= (int)sizeof(name))
		return -1;
	c->own_name.s = private_copy(name);
	if (c->own_name.s == NULL)
		return -1;
	c->own_name.len = strlen(name);
	return name_overlay_socket();
}
