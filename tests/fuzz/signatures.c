/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the place of signatures in the fuzz programs, and only there (the linker's --wrap): any
 * signature with a value holds, and the input says whose it is. All else that a signature must have
 * is still checked. */
#include "reload_core/security/sign.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_SIGNATURE_LEN 70

static ReloadCertificate *const *signers;
static unsigned signer_count;

/* Known to the linker only. */
int __wrap_EVP_DigestVerifyFinal(EVP_MD_CTX *context, const unsigned char *value, size_t length);
int __wrap_EVP_DigestSignFinal(EVP_MD_CTX *context, unsigned char *value, size_t *length);
ReloadStatus __wrap_reload_verify_message(ReloadTrust *trust, const ReloadMessage *message,
					  int64_t now, ReloadCertificate **signer,
					  ReloadNodeId *node_id);
ReloadStatus __wrap_reload_verify_stored_data(ReloadCertificateSet *set,
					      const ReloadResourceId *resource_id, uint32_t kind,
					      const ReloadStoredData *data, int64_t now,
					      ReloadCertificate **signer, ReloadNodeId *node_id);

void fuzz_set_signers(ReloadCertificate *const *certificates, unsigned count)
{
	signers = certificates;
	signer_count = count;
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
	return 1;
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
