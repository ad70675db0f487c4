/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that the node's owner and its components originate. */
#include "reload_core/peer/node_private.h"

/* Code and lengths of the contents; SignerIdentity, algorithms and lengths of the security block: bytes. */
#define CONTENTS 10
#define SECURITY_BLOCK 43

size_t reload_node_overhead(const ReloadNode *node)
{
	size_t bytes = RELOAD_HEADER_FIXED + CONTENTS + SECURITY_BLOCK + RELOAD_GENERIC_CERTIFICATE_HEAD +
		       reload_certificate_der(reload_identity_certificate(node->identity)).len +
		       (size_t)EVP_PKEY_get_size(reload_identity_key(node->identity));
	const GPtrArray *chain = reload_identity_chain(node->identity);

	for (guint i = 0; chain != NULL && i < chain->len; i++)
		bytes += g_bytes_get_size(g_ptr_array_index(chain, i)) + RELOAD_GENERIC_CERTIFICATE_HEAD;
	return bytes;
}

/* Encodes a destination list; NULL: one of them cannot be encoded. Free with g_byte_array_unref. */
static GByteArray *encode_list(const ReloadDestination *destinations, unsigned count)
{
	GByteArray *list = g_byte_array_new();

	for (unsigned i = 0; i < count; i++) {
		if (!reload_write_destination(list, &destinations[i])) {
			g_byte_array_unref(list);
			return NULL;
		}
	}
	return list;
}

ReloadStatus reload_node_originate(ReloadNode *node, const ReloadDestination *destinations,
				   unsigned count, uint16_t code, ReloadSpan body,
				   const GPtrArray *certificates, int64_t timeout,
				   ReloadReplyFunc reply, void *data, int64_t now, uint64_t *id)
{
	ReloadOrigination origination = {
	    .code = code, .body = body, .certificates = certificates, .timeout = timeout};
	GByteArray *list = encode_list(destinations, count);
	ReloadStatus status;

	if (list == NULL)
		return RELOAD_E_MALFORMED;
	origination.destination_list = reload_span(list->data, list->len);
	status = reload_router_request(node->router, &origination, reply, data, now, id);
	g_byte_array_unref(list);
	return status;
}

ReloadRequestId reload_node_request(ReloadNode *node, const ReloadRequest *request,
				    ReloadReplyFunc reply, void *data, int64_t now)
{
	ReloadOrigination origination = {
	    .code = request->code,
	    .body = request->body,
	    .signer = request->signer,
	    .certificates = request->certificates,
	    .timeout = request->timeout,
	};
	GByteArray *list;
	uint64_t id = 0;

	if (!reload_node_is_usable(node) && !reload_life_is_held(node))
		return 0;
	list = encode_list(request->destinations, request->destination_count);
	if (list == NULL)
		return 0;
	reload_node_enter(node, now);
	origination.destination_list = reload_span(list->data, list->len);
	if (reload_router_request(node->router, &origination, reply, data, now, &id) != RELOAD_OK)
		id = 0;
	g_byte_array_unref(list);
	reload_node_settle_later(node, now);
	return id;
}

bool reload_node_note_value(ReloadNode *node, const ReloadResourceId *resource, uint32_t kind,
			    const ReloadNodeId *signer, const ReloadStoredData *data, int64_t now)
{
	char text[RELOAD_NODE_ID_TEXT];

	if (reload_seen_note(node->seen, resource, kind, signer, data, now))
		return true;
	node->rollbacks++;
	reload_node_log(node, RELOAD_LOG_WARNING,
			"rollback: a value of Kind %u by %s came back older than before; it is not used",
			kind, reload_node_id_to_text(signer, text));
	return false;
}

void reload_node_cancel(ReloadNode *node, ReloadRequestId id)
{
	reload_router_cancel(node->router, id);
}
