/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the parameters of a configuration element, each by its own rule (RFC 6940, 11.1). */
#include "reload_core/config/document_private.h"

#include <openssl/crypto.h>
#include <stddef.h>

/* Elements of a kind that a document may repeat; more than any overlay has. */
#define REPEAT_MAX 65536

typedef struct {
	const ReloadXml *xml;
	ReloadDocument *document;
	GPtrArray *kind_elements;
	bool tls_listed, link_protocol_listed;
	GError **error;
} Reading;

typedef bool (*Reader)(Reading *reading, const xmlNode *node);

static bool fail(Reading *reading, const xmlNode *node, const char *text)
{
	reload_xml_fail(reading->xml, node, reading->error, "%s", text);
	return false;
}

static bool read_topology_plugin(Reading *reading, const xmlNode *node)
{
	char *text = reload_xml_text(reading->xml, node, reading->error);

	if (!text)
		return false;
	if (strcmp(text, "CHORD-RELOAD") != 0) {
		reload_xml_unsupported(reading->xml, node, reading->error,
				       "\"%.40s\" is not supported: only CHORD-RELOAD is", text);
		g_free(text);
		return false;
	}
	g_free(reading->document->topology_plugin);
	reading->document->topology_plugin = text;
	return true;
}

static bool read_node_id_length(Reading *reading, const xmlNode *node)
{
	uint32_t value;

	if (!reload_xml_number(reading->xml, node, RELOAD_NODE_ID_MIN, RELOAD_NODE_ID_MAX, &value,
			       reading->error))
		return false;
	/* CHORD-RELOAD computes modulo 2^128. */
	if (value != 16)
		reload_xml_unsupported(
		    reading->xml, node, reading->error,
		    "must be 16 with CHORD-RELOAD: other lengths are not supported");
	return value == 16;
}

static bool read_root_cert(Reading *reading, const xmlNode *node)
{
	GBytes *bytes = reload_xml_base64(reading->xml, node, reading->error);

	if (!bytes)
		return false;
	g_ptr_array_add(reading->document->root_certs, bytes);
	return true;
}

static bool read_self_signed(Reading *reading, const xmlNode *node)
{
	char *digest;
	bool good = true;

	if (!reload_xml_boolean(reading->xml, node, &reading->document->self_signed_permitted,
				reading->error))
		return false;
	digest = reload_xml_attribute(node, "digest");
	if (digest && strcmp(digest, "sha1") == 0)
		reading->document->self_signed_digest = RELOAD_DIGEST_SHA1;
	else if (digest && strcmp(digest, "sha256") == 0)
		reading->document->self_signed_digest = RELOAD_DIGEST_SHA256;
	else if (digest || reading->document->self_signed_permitted)
		good = fail(reading, node, "needs attribute digest=\"sha1\" or \"sha256\": add it");
	g_free(digest);
	return good;
}

static bool add_node_id(Reading *reading, const xmlNode *node, GArray *list)
{
	ReloadNodeId id;

	if (!reload_xml_node_id(reading->xml, node, reading->document->node_id_length, &id,
				reading->error))
		return false;
	g_array_append_val(list, id);
	return true;
}

static bool read_bad_node(Reading *reading, const xmlNode *node)
{
	return add_node_id(reading, node, reading->document->bad_nodes);
}

static bool read_configuration_signer(Reading *reading, const xmlNode *node)
{
	return add_node_id(reading, node, reading->document->configuration_signers);
}

static bool read_kind_signer(Reading *reading, const xmlNode *node)
{
	return add_node_id(reading, node, reading->document->kind_signers);
}

static bool read_bootstrap_node(Reading *reading, const xmlNode *node)
{
	char *address = reload_xml_attribute(node, "address");
	char *port = reload_xml_attribute(node, "port");
	uint32_t number = RELOAD_PORT_DEFAULT;
	ReloadAddress parsed;
	bool good = false;

	if (!address || !reload_address_from_text(address, 0, &parsed))
		fail(reading, node,
		     "attribute address is no numeric IPv4 or IPv6 address: correct it");
	else if (port && !reload_xml_parse_number(port, 1, 65535, &number))
		fail(reading, node, "attribute port is no number from 1 to 65535: correct it");
	else
		good = true;
	if (good) {
		parsed.port = (uint16_t)number;
		g_array_append_val(reading->document->bootstrap_nodes, parsed);
	}
	g_free(address);
	g_free(port);
	return good;
}

static bool read_enrollment_server(Reading *reading, const xmlNode *node)
{
	char *text = reload_xml_text(reading->xml, node, reading->error);

	if (!text)
		return false;
	if (g_ascii_strncasecmp(text, "https://", 8) != 0 || text[8] == 0) {
		g_free(text);
		return fail(reading, node, "must be an https: URL: correct it");
	}
	g_ptr_array_add(reading->document->enrollment_servers, text);
	return true;
}

static bool read_mandatory_extension(Reading *reading, const xmlNode *node)
{
	static const char *const known[] = {RELOAD_XML_NS_BASE, RELOAD_XML_NS_CHORD,
					    RELOAD_XML_NS_SIP};
	char *text = reload_xml_text(reading->xml, node, reading->error);

	if (!text)
		return false;
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
		if (strcmp(text, known[i]) == 0) {
			g_ptr_array_add(reading->document->mandatory_extensions, text);
			return true;
		}
	}
	reload_xml_unsupported(
	    reading->xml, node, reading->error,
	    "\"%.80s\" is an extension that this release does not support: a newer one may", text);
	g_free(text);
	return false;
}

static bool read_max_message_size(Reading *reading, const xmlNode *node)
{
	/* A message with one certificate must fit; fragment offsets have 24 bits. */
	return reload_xml_number(reading->xml, node, 1000, 0xffffff,
				 &reading->document->max_message_size, reading->error);
}

static bool read_initial_ttl(Reading *reading, const xmlNode *node)
{
	uint32_t value;

	if (!reload_xml_number(reading->xml, node, 1, 255, &value, reading->error))
		return false;
	reading->document->initial_ttl = (uint8_t)value;
	return true;
}

static bool read_reliability_timer(Reading *reading, const xmlNode *node)
{
	return reload_xml_number(reading->xml, node, 200, 600000,
				 &reading->document->overlay_reliability_timer, reading->error);
}

static bool read_turn_density(Reading *reading, const xmlNode *node)
{
	uint32_t value;

	if (!reload_xml_number(reading->xml, node, 0, 255, &value, reading->error))
		return false;
	reading->document->turn_density = (uint8_t)value;
	return true;
}

static bool read_clients_permitted(Reading *reading, const xmlNode *node)
{
	return reload_xml_boolean(reading->xml, node, &reading->document->clients_permitted,
				  reading->error);
}

static bool read_no_ice(Reading *reading, const xmlNode *node)
{
	return reload_xml_boolean(reading->xml, node, &reading->document->no_ice, reading->error);
}

static bool read_shared_secret(Reading *reading, const xmlNode *node)
{
	char *text = reload_xml_text(reading->xml, node, reading->error);
	size_t length;

	if (!text)
		return false;
	length = strlen(text);
	if (length < RELOAD_SHARED_SECRET_MIN || length > RELOAD_SHARED_SECRET_MAX) {
		OPENSSL_cleanse(text, length);
		g_free(text);
		reload_xml_fail(reading->xml, node, reading->error,
				"has less than %d or more than %d bytes: take a random one, such as "
				"`openssl rand -base64 24` prints",
				RELOAD_SHARED_SECRET_MIN, RELOAD_SHARED_SECRET_MAX);
		return false;
	}
	reading->document->shared_secret = text;
	return true;
}

static bool read_link_protocol(Reading *reading, const xmlNode *node)
{
	char *text = reload_xml_text(reading->xml, node, reading->error);

	if (!text)
		return false;
	reading->link_protocol_listed = true;
	reading->tls_listed = reading->tls_listed || strcmp(text, "TLS") == 0;
	g_free(text);
	return true;
}

static bool read_required_kinds(Reading *reading, const xmlNode *node)
{
	for (xmlNode *child = reload_xml_first(node); child; child = reload_xml_next(child)) {
		ReloadKindElement *element = g_new0(ReloadKindElement, 1);

		g_ptr_array_add(reading->kind_elements, element);
		if (!reload_xml_is(child, RELOAD_XML_NS_BASE, "kind-block"))
			return fail(reading, child, "is unknown in required-kinds: remove it");
		if (reload_kind_block_read(reading->xml, child, reading->document, element,
					   reading->error) != RELOAD_OK)
			return false;
	}
	return true;
}

static bool read_chord_reactive(Reading *reading, const xmlNode *node)
{
	return reload_xml_boolean(reading->xml, node, &reading->document->chord_reactive,
				  reading->error);
}

static bool read_chord_update_interval(Reading *reading, const xmlNode *node)
{
	return reload_xml_number(reading->xml, node, 1, INT32_MAX / 1000,
				 &reading->document->chord_update_interval, reading->error);
}

static bool read_chord_ping_interval(Reading *reading, const xmlNode *node)
{
	return reload_xml_number(reading->xml, node, 1, INT32_MAX / 1000,
				 &reading->document->chord_ping_interval, reading->error);
}

typedef struct {
	const char *namespace;
	const char *name;
	bool repeats;
	Reader read;
} Element;

static const Element elements[] = {
    {RELOAD_XML_NS_BASE, "topology-plugin", false, read_topology_plugin},
    {RELOAD_XML_NS_BASE, "node-id-length", false, read_node_id_length},
    {RELOAD_XML_NS_BASE, "root-cert", true, read_root_cert},
    {RELOAD_XML_NS_BASE, "enrollment-server", true, read_enrollment_server},
    {RELOAD_XML_NS_BASE, "self-signed-permitted", false, read_self_signed},
    {RELOAD_XML_NS_BASE, "bootstrap-node", true, read_bootstrap_node},
    {RELOAD_XML_NS_BASE, "turn-density", false, read_turn_density},
    {RELOAD_XML_NS_BASE, "clients-permitted", false, read_clients_permitted},
    {RELOAD_XML_NS_BASE, "no-ice", false, read_no_ice},
    {RELOAD_XML_NS_BASE, "shared-secret", false, read_shared_secret},
    {RELOAD_XML_NS_BASE, "max-message-size", false, read_max_message_size},
    {RELOAD_XML_NS_BASE, "initial-ttl", false, read_initial_ttl},
    {RELOAD_XML_NS_BASE, "overlay-reliability-timer", false, read_reliability_timer},
    {RELOAD_XML_NS_BASE, "overlay-link-protocol", true, read_link_protocol},
    {RELOAD_XML_NS_BASE, "configuration-signer", true, read_configuration_signer},
    {RELOAD_XML_NS_BASE, "kind-signer", true, read_kind_signer},
    {RELOAD_XML_NS_BASE, "bad-node", true, read_bad_node},
    {RELOAD_XML_NS_BASE, "mandatory-extension", true, read_mandatory_extension},
    {RELOAD_XML_NS_BASE, "required-kinds", false, read_required_kinds},
    {RELOAD_XML_NS_CHORD, "chord-reactive", false, read_chord_reactive},
    {RELOAD_XML_NS_CHORD, "chord-update-interval", false, read_chord_update_interval},
    {RELOAD_XML_NS_CHORD, "chord-ping-interval", false, read_chord_ping_interval},
};

static bool is_ours(const xmlNode *node)
{
	const char *namespace = node->ns ? (const char *)node->ns->href : "";

	/* The grammar knows no elements without a namespace (11.1.1, foreign-elements). */
	return *namespace == 0 || strcmp(namespace, RELOAD_XML_NS_BASE) == 0 ||
	       strcmp(namespace, RELOAD_XML_NS_CHORD) == 0;
}

/* It is no element of ours: has it a name of ours nonetheless (xml.h)? */
static bool is_disguised(const xmlNode *node)
{
	for (size_t i = 0; i < G_N_ELEMENTS(elements); i++) {
		if (reload_xml_is_named(node, &elements[i].name, 1))
			return true;
	}
	return reload_domains_is_named(node);
}

static bool read_element(Reading *reading, const xmlNode *node, guint counts[])
{
	if (reload_domains_is(node)) {
		/* One inside of the SIP Kind, read already, says more precisely what it is for. */
		ReloadDomains *domains = reload_domains_read(reading->xml, node, reading->error);

		if (reading->document->domains)
			reload_domains_free(domains);
		else
			reading->document->domains = domains;
		return domains != NULL;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(elements); i++) {
		if (!reload_xml_is(node, elements[i].namespace, elements[i].name))
			continue;
		counts[i]++;
		if (counts[i] > (elements[i].repeats ? REPEAT_MAX : 1))
			return fail(reading, node, "stands too often: remove all but one");
		return elements[i].read(reading, node);
	}
	if (is_ours(node))
		return fail(reading, node, "is unknown: correct its name or namespace");
	if (is_disguised(node))
		return fail(reading, node, "has a name of RELOAD's in another namespace: correct either");
	return true; /* an extension that is not mandatory */
}

static ReloadStatus check_whole(const Reading *reading, const xmlNode *configuration)
{
	const ReloadDocument *document = reading->document;

	if (reading->link_protocol_listed && !reading->tls_listed)
		return reload_xml_unsupported(
		    reading->xml, configuration, reading->error,
		    "lists overlay-link-protocols that are not supported: TLS must be one");
	if (document->root_certs->len == 0 && !document->self_signed_permitted)
		return reload_xml_fail(
		    reading->xml, configuration, reading->error,
		    "lacks <root-cert>: add the CA's certificate, or permit self-signed ones");
	if (!document->no_ice)
		return reload_xml_unsupported(
		    reading->xml, configuration, reading->error,
		    "<no-ice> is not true: only No-ICE overlay links are supported so far, add "
		    "<no-ice>true</no-ice>");
	return RELOAD_OK;
}

ReloadStatus reload_configuration_read(const ReloadXml *xml, const xmlNode *configuration,
				       ReloadDocument *document, GPtrArray *kind_elements,
				       GError **error)
{
	Reading reading = {
	    .xml = xml, .document = document, .kind_elements = kind_elements, .error = error};
	guint counts[G_N_ELEMENTS(elements)] = {0};

	for (xmlNode *node = reload_xml_first(configuration); node; node = reload_xml_next(node)) {
		if (!read_element(&reading, node, counts))
			return RELOAD_E_CONFIG;
	}
	return check_whole(&reading, configuration);
}
