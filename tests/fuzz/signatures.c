/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the place of signatures in the fuzz programs, and only there (the linker's --wrap): any
 * signature with a value holds, and the input says whose it is; nothing is hashed for them. All
 * else that a signature must have is still checked. Certificates' own signatures are checked, but
 * for fuzz_stub_chains. */
#include "reload_core/security/sign.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_SIGNATURE_LEN 70

static ReloadCertificate *const *signers;
static ReloadIdentity *const *identities;
static EVP_PKEY *signing; /* of the signature under way */
static unsigned signer_count;
static bool chains_hold;

/* Known to the linker only. */
int __wrap_EVP_DigestSignInit(EVP_MD_CTX *context, EVP_PKEY_CTX **key_context, const EVP_MD *digest,
			      ENGINE *engine, EVP_PKEY *key);
int __wrap_EVP_DigestVerifyInit(EVP_MD_CTX *context, EVP_PKEY_CTX **key_context,
				const EVP_MD *digest, ENGINE *engine, EVP_PKEY *key);
int __wrap_EVP_DigestSignUpdate(EVP_MD_CTX *context, const void *data, size_t length);
int __wrap_EVP_DigestVerifyUpdate(EVP_MD_CTX *context, const void *data, size_t length);
int __wrap_EVP_DigestVerifyFinal(EVP_MD_CTX *context, const unsigned char *value, size_t length);
int __wrap_EVP_DigestSignFinal(EVP_MD_CTX *context, unsigned char *value, size_t *length);
int __wrap_X509_verify_cert(X509_STORE_CTX *context);
int __real_X509_verify_cert(X509_STORE_CTX *context);
ReloadStatus __wrap_reload_verify_message(ReloadTrust *trust, const ReloadMessage *message,
					  int64_t now, ReloadCertificate **signer,
					  ReloadNodeId *node_id);
ReloadStatus __wrap_reload_verify_stored_data(ReloadCertificateSet *set,
					      const ReloadResourceId *resource_id, uint32_t kind,
					      const ReloadStoredData *data, int64_t now,
					      ReloadCertificate **signer, ReloadNodeId *node_id);

void fuzz_set_signers(ReloadCertificate *const *certificates, ReloadIdentity *const *ours,
		      unsigned count)
{
	signers = certificates;
	identities = ours;
	signer_count = count;
}

int __wrap_EVP_DigestSignInit(EVP_MD_CTX *context, EVP_PKEY_CTX **key_context, const EVP_MD *digest,
			      ENGINE *engine, EVP_PKEY *key)
{
	(void)context, (void)key_context, (void)digest, (void)engine;
	signing = key;
	return key != NULL;
}

int __wrap_EVP_DigestVerifyInit(EVP_MD_CTX *context, EVP_PKEY_CTX **key_context,
				const EVP_MD *digest, ENGINE *engine, EVP_PKEY *key)
{
	return __wrap_EVP_DigestSignInit(context, key_context, digest, engine, key);
}

/* What would be hashed is read, so that AddressSanitizer looks at its bounds. */
int __wrap_EVP_DigestSignUpdate(EVP_MD_CTX *context, const void *data, size_t length)
{
	const volatile uint8_t *bytes = data;

	(void)context;
	if (length > 0)
		(void)(bytes[0] + bytes[length - 1]);
	return 1;
}

int __wrap_EVP_DigestVerifyUpdate(EVP_MD_CTX *context, const void *data, size_t length)
{
	return __wrap_EVP_DigestSignUpdate(context, data, length);
}

int __wrap_EVP_DigestVerifyFinal(EVP_MD_CTX *context, const unsigned char *value, size_t length)
{
	(void)context;
	return length > 0 && value[0] != 0;
}

int __wrap_EVP_DigestSignFinal(EVP_MD_CTX *context, unsigned char *value, size_t *length)
{
	(void)context;
	*length = MIN(*length, FUZZ_SIGNATURE_LEN);
	memset(value, 1, *length);
	for (unsigned i = 0; i < signer_count; i++) {
		/* Not 0: that is a wrong signature where the input does not choose the signer. */
		if (reload_identity_key(identities[i]) == signing)
			value[0] = (uint8_t)(signer_count + i);
	}
	return 1;
}

void fuzz_stub_chains(void)
{
	chains_hold = true;
}

/* Stands in for OpenSSL's walk along a chain that is already built: its signatures and dates. */
static int hold(X509_STORE_CTX *context)
{
	(void)context;
	return 1;
}

int __wrap_X509_verify_cert(X509_STORE_CTX *context)
{
	if (chains_hold)
		X509_STORE_CTX_set_verify(context, hold);
	return __real_X509_verify_cert(context);
}

static ReloadStatus choose(const ReloadSignature *signature, ReloadCertificate **signer,
			   ReloadNodeId *node_id)
{
	ReloadCertificate *certificate;

	if (signer != NULL)
		*signer = NULL;
	if (signer_count == 0 || signature->value.len == 0)
		return RELOAD_E_SIGNATURE;
	certificate = signers[signature->value.data[0] % signer_count];
	if (signer != NULL)
		*signer = reload_certificate_ref(certificate);
	if (node_id != NULL)
		*node_id = *reload_certificate_node_id(certificate);
	return RELOAD_OK;
}

ReloadStatus __wrap_reload_verify_message(ReloadTrust *trust, const ReloadMessage *message,
					  int64_t now, ReloadCertificate **signer,
					  ReloadNodeId *node_id)
{
	ReloadCertificateSet *set = reload_certificate_set_new(trust);

	(void)now;
	reload_certificate_set_add_block(set, &message->security);
	reload_certificate_set_free(set);
	return choose(&message->security.signature, signer, node_id);
}

ReloadStatus __wrap_reload_verify_stored_data(ReloadCertificateSet *set,
					      const ReloadResourceId *resource_id, uint32_t kind,
					      const ReloadStoredData *data, int64_t now,
					      ReloadCertificate **signer, ReloadNodeId *node_id)
{
	(void)set;
	(void)resource_id;
	(void)kind;
	(void)now;
	return choose(&data->signature, signer, node_id);
}
