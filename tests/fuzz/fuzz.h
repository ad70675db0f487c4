/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fuzz targets share: the entry that libFuzzer and replay.c call, reading the input as a
 * list of things to do, and counting allocations. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include "reload_core/security/identity.h"
#include "reload_core/wire/buffer.h"

/* For loops over the whole input that tell nothing about the library: libFuzzer looks at each
 * comparison, which took a third of the time. */
#ifdef __clang__
#define FUZZ_UNSEEN __attribute__((no_sanitize("coverage")))
#else
#define FUZZ_UNSEEN
#endif

/* One input. Must not depend on earlier ones. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);
/* A target's own way to change an input; LLVMFuzzerMutate is libFuzzer's (replay.c has none). */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) __attribute__((weak));

/* Ends the process, as a crash that libFuzzer keeps, unless held. */
#define FUZZ_CHECK(held) ((held) ? (void)0 : fuzz_failed(#held, __FILE__, __LINE__))
void fuzz_failed(const char *what, const char *file, int line) G_GNUC_NORETURN;

/* Bytes allocated by this process so far, freed or not. Always 0 in a build without
 * AddressSanitizer. */
void fuzz_count_allocations(void);
size_t fuzz_allocated(void);

/* From here on OpenSSL draws the same bytes in every process, as reload_key_generate makes the same
 * keys (fixed.c): to be called before a world is made. */
void fuzz_fix_world(void);
/* The P-256 key of that name; the caller frees it. */
EVP_PKEY *fuzz_key(const char *name);

/* This certificate is parsed only once: OpenSSL takes most of the time of a target for it. */
void fuzz_keep_parsed(ReloadSpan der);

/* A hash of the input: decides what is done with a part of the inputs only. */
uint32_t fuzz_hash(const uint8_t *data, size_t size);

/* Who signed, as signatures.c tells it in place of real signatures: one of these certificates,
 * chosen by the first byte of the signature's value (modulo); a value of no bytes is a wrong
 * signature. What the library signs as one of these identities, in the same order, is theirs. */
void fuzz_set_signers(ReloadCertificate *const *certificates, ReloadIdentity *const *ours,
		      unsigned count);
/* Signatures in chains of certificates hold from here on. */
void fuzz_stub_chains(void);

#endif
