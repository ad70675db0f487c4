/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The access control policies, one function each. */
#include "reload_core/storage/access.h"

#include "reload_core/security/digest.h"
#include "reload_core/wire/buffer.h"

/* RFC 6940, 7.3.1: the certificate has a user name which hashes to the Resource-ID. */
static bool user_match(const ReloadResourceId *resource_id, const ReloadCertificate *certificate)
{
	return reload_certificate_user_matches(certificate, resource_id);
}

/* RFC 6940, 7.3.2: the certificate has a Node-ID which hashes to the Resource-ID, and that Node-ID
 * is the one indicated in the SignerIdentity. */
static bool node_match(const ReloadResourceId *resource_id, const ReloadCertificate *certificate,
		       const ReloadNodeId *node_id)
{
	ReloadResourceId hashed;

	if (!reload_certificate_has_node_id(certificate, node_id))
		return false;
	reload_hash_resource_name(reload_node_id_span(node_id), &hashed);
	return reload_resource_id_equal(&hashed, resource_id);
}

/* RFC 6940, 7.3.3: USER-MATCH, and the dictionary key equals the Node-ID in the certificate, which
 * is the one indicated in the SignerIdentity. Dictionaries only. */
static bool user_node_match(const ReloadResourceId *resource_id, const ReloadStoredValue *value,
			    const ReloadCertificate *certificate, const ReloadNodeId *node_id)
{
	return value->model == RELOAD_MODEL_DICTIONARY &&
	       reload_certificate_has_node_id(certificate, node_id) &&
	       reload_span_equal(value->key, reload_node_id_span(node_id)) &&
	       user_match(resource_id, certificate);
}

/* RFC 6940, 7.3.4: H(Node-ID || i) equals the Resource-ID for an i up to the Kind's maximum. i is
 * one byte and begins with 1, as in the one Kind that is defined with it (section 9). */
static bool node_multiple(const ReloadKind *kind, const ReloadResourceId *resource_id,
			  const ReloadCertificate *certificate, const ReloadNodeId *node_id)
{
	uint8_t name[RELOAD_NODE_ID_MAX + 1];
	ReloadResourceId hashed;

	if (!reload_certificate_has_node_id(certificate, node_id))
		return false;
	memcpy(name, node_id->id, node_id->len);
	for (uint32_t i = 1; i <= kind->max_node_multiple && i <= UINT8_MAX; i++) {
		name[node_id->len] = (uint8_t)i;
		reload_hash_resource_name(reload_span(name, node_id->len + 1u), &hashed);
		if (reload_resource_id_equal(&hashed, resource_id))
			return true;
	}
	return false;
}

bool reload_access_permits(const ReloadDocument *document, const ReloadKind *kind,
			   const ReloadResourceId *resource_id, const ReloadStoredValue *value,
			   const ReloadCertificate *certificate, const ReloadNodeId *node_id)
{
	/* RFC 7904, 3.3: the AOR is valid with respect to the namespaces of the document. */
	if (kind->id == RELOAD_KIND_SIP_REGISTRATION &&
	    !reload_document_admits_user(document, reload_certificate_user_name(certificate)))
		return false;
	switch (kind->access) {
	case RELOAD_ACCESS_USER_MATCH:
		return user_match(resource_id, certificate);
	case RELOAD_ACCESS_NODE_MATCH:
		return node_match(resource_id, certificate, node_id);
	case RELOAD_ACCESS_USER_NODE_MATCH:
		return user_node_match(resource_id, value, certificate, node_id);
	case RELOAD_ACCESS_NODE_MULTIPLE:
		return node_multiple(kind, resource_id, certificate, node_id);
	}
	return false;
}
