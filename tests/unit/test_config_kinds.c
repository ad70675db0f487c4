/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kinds beside the document (RFC 6940, 6.5.4.2 and 11.1): which kind-blocks are taken, how a Kind
 * is handed on, and what a newer document leaves of them. */
#include "reload_core/config/document_sign.h"
#include "reload_core/config/kind_update.h"
#include "tests/unit/kind_blocks.h"

#define SIGNER 0x77
#define SECOND 0x78
#define OTHER 0x79

static const char *const signers[] = {"77", "78", NULL};
static const char *const nobody[] = {NULL};

static Pki pki;
static ReloadIdentity *signer, *second, *other;

/* What comes of one text; *out is set on success. */
static ReloadStatus learn(ReloadDocument *document, ReloadSpan text, ReloadDocument **out)
{
	ReloadTrust *trust = reload_document_trust(document, NULL);
	GError *error = NULL;
	ReloadStatus status =
	    reload_document_learn(document, trust, &text, 1, "k.xml", PKI_NOW, out, &error);

	g_assert_cmpint(status == RELOAD_OK, ==, error == NULL);
	if (error != NULL) {
		g_test_message("%s", error->message);
		g_assert_true(g_str_has_prefix(error->message, "k.xml:"));
		g_assert_null(strchr(error->message, '\n'));
		g_error_free(error);
	}
	reload_trust_unref(trust);
	return status;
}

static ReloadDocument *learnt(ReloadDocument *document, GBytes *block)
{
	ReloadDocument *next = NULL;

	g_assert_cmpint(learn(document, pki_span(block), &next), ==, RELOAD_OK);
	g_bytes_unref(block);
	return next;
}

/* Refused, and the document is as before. */
static void assert_refused(ReloadDocument *document, ReloadStatus why, GBytes *block)
{
	guint before = g_hash_table_size(document->kinds);
	ReloadDocument *next = NULL;

	g_assert_cmpint(learn(document, pki_span(block), &next), ==, why);
	g_assert_null(next);
	g_assert_cmpuint(g_hash_table_size(document->kinds), ==, before);
	g_bytes_unref(block);
}

static GBytes *text_bytes(const char *text)
{
	return g_bytes_new(text, strlen(text));
}

static void test_taken(void)
{
	ReloadDocument *document = kind_document(&pki, 1, signers, ""), *next, *again;
	GBytes *block = kind_block(signer, KIND_BLOCKS_ID, 64, "<e:x xmlns:e=\"urn:e\">1</e:x>");
	const ReloadKindBlock *handed_on;
	const ReloadKind *kind;

	next = learnt(document, g_bytes_ref(block));
	g_assert_true(next != document);
	g_assert_null(reload_document_kind(document, KIND_BLOCKS_ID)); /* nobody changes it */
	kind = reload_document_kind(next, KIND_BLOCKS_ID);
	g_assert_nonnull(kind);
	g_assert_cmpint(kind->model, ==, RELOAD_MODEL_SINGLE);
	g_assert_cmpint(kind->access, ==, RELOAD_ACCESS_NODE_MATCH);
	g_assert_cmpuint(kind->max_size, ==, 64);
	g_assert_nonnull(reload_document_kind(next, RELOAD_KIND_SIP_REGISTRATION));
	g_assert_cmpstr(next->overlay, ==, PKI_OVERLAY);
	handed_on = reload_document_kind_block(next, KIND_BLOCKS_ID);
	g_assert_true(handed_on->learned);
	g_assert_cmpuint(handed_on->signer.id[0], ==, SIGNER);
	/* a repetition is no news, nor is what we hand on ourselves */
	again = learnt(next, block);
	g_assert_true(again == next);
	reload_document_unref(again);
	again = learnt(next, g_bytes_ref(handed_on->text));
	g_assert_true(again == next);
	reload_document_unref(again);
	/* the next node gets it from us */
	again = learnt(document, g_bytes_ref(handed_on->text));
	g_assert_nonnull(reload_document_kind(again, KIND_BLOCKS_ID));
	g_assert_true(g_bytes_equal(reload_document_kind_block(again, KIND_BLOCKS_ID)->text,
				    handed_on->text));
	reload_document_unref(again);
	reload_document_unref(document); /* the copy lives on */
	g_assert_cmpstr(next->overlay, ==, PKI_OVERLAY);
	reload_document_unref(next);
}

/* What a document's Kind is handed on as, when the document has prefixes of its own: the names in
 * the signed bytes mean the same without the document around them. */
static void assert_handed_on(const char *format, const char *attributes)
{
	ReloadDocument *bare = kind_document(&pki, 1, signers, ""), *document, *next;
	ReloadSpan der = pki_span(pki.ca);
	char *ca = g_base64_encode(der.data, der.len);
	char *text = g_strdup_printf(format, attributes, ca);
	GBytes *bytes = g_bytes_new_take(text, strlen(text)), *done;
	GError *error = NULL;

	done = reload_document_sign(bytes, "doc.xml", NULL, signer, -1, -1, &error);
	g_assert_no_error(error);
	document = reload_document_parse(done, "doc.xml", NULL, PKI_NOW, &error);
	g_assert_no_error(error);
	g_assert_false(reload_document_kind_block(document, 2000)->learned);
	next = learnt(bare, g_bytes_ref(reload_document_kind_block(document, 2000)->text));
	g_assert_cmpuint(reload_document_kind(next, 2000)->max_size, ==, 4);
	reload_document_unref(next);
	reload_document_unref(document);
	reload_document_unref(bare);
	g_bytes_unref(done);
	g_bytes_unref(bytes);
	g_free(ca);
}

static void test_handed_on(void)
{
	const char *name = "instance-name=\"" PKI_OVERLAY "\"";

	assert_handed_on(
	    "<overlay xmlns=\""
	    "urn:ietf:params:xml:ns:p2p:config-base"
	    "\" "
	    "xmlns:ext=\"urn:a&amp;b\"><configuration %s><root-cert>%s</root-cert>"
	    "<no-ice>true</no-ice><kind-signer>77777777777777777777777777777777</kind-signer>"
	    "<required-kinds><kind-block><kind id=\"2000\"><data-model>ARRAY</data-model>"
	    "<access-control>NODE-MATCH</access-control><max-count>3</max-count>"
	    "<max-size>4</max-size><ext:more ext:how=\"1\"> 1 </ext:more></kind></kind-block>"
	    "</required-kinds></configuration></overlay>",
	    name);
	assert_handed_on(
	    "<p:overlay xmlns:p=\"urn:ietf:params:xml:ns:p2p:config-base\"><p:configuration %s>"
	    "<p:root-cert>%s</p:root-cert><p:no-ice>true</p:no-ice>"
	    "<p:kind-signer>77777777777777777777777777777777</p:kind-signer>"
	    "<p:required-kinds><p:kind-block><p:kind id=\"2000\"><p:data-model>ARRAY</p:data-model>"
	    "<p:access-control>NODE-MATCH</p:access-control><p:max-count>3</p:max-count>"
	    "<p:max-size>4</p:max-size><more> of no namespace </more></p:kind></p:kind-block>"
	    "</p:required-kinds></p:configuration></p:overlay>",
	    name);
}

static void test_by_whom(void)
{
	ReloadDocument *document = kind_document(&pki, 1, signers, ""),
		       *closed = kind_document(&pki, 1, nobody, ""), *barred;
	gsize length;
	char *text;

	assert_refused(document, RELOAD_E_FORBIDDEN, kind_block(NULL, KIND_BLOCKS_ID, 64, ""));
	assert_refused(document, RELOAD_E_FORBIDDEN, kind_block(other, KIND_BLOCKS_ID, 64, ""));
	assert_refused(closed, RELOAD_E_FORBIDDEN, kind_block(signer, KIND_BLOCKS_ID, 64, ""));
	/* changed afterwards */
	text = g_bytes_unref_to_data(kind_block(signer, KIND_BLOCKS_ID, 64, ""), &length);
	g_strstr_len(text, (gssize)length, ">64<")[1] = '7';
	assert_refused(document, RELOAD_E_FORBIDDEN, g_bytes_new_take(text, length));
	/* no SecurityBlock */
	assert_refused(document, RELOAD_E_FORBIDDEN,
		       text_bytes("<kind-block><kind id=\"2000\"/>"
				  "<kind-signature>AAAA</kind-signature></kind-block>"));
	/* by one who was a kind-signer, and is a bad node now */
	barred = kind_document(&pki, 1, signers,
			       "<bad-node>77777777777777777777777777777777</bad-node>");
	assert_refused(barred, RELOAD_E_FORBIDDEN, kind_block(signer, KIND_BLOCKS_ID, 64, ""));
	reload_document_unref(barred);
	reload_document_unref(closed);
	reload_document_unref(document);
}

static void test_conflicts(void)
{
	ReloadDocument *document = kind_document(&pki, 1, signers, ""), *next, *same;

	next = learnt(document, kind_block(signer, KIND_BLOCKS_ID, 64, ""));
	/* 6.5.4.2: "signed by a different signer" */
	assert_refused(next, RELOAD_E_FORBIDDEN, kind_block(second, KIND_BLOCKS_ID, 64, ""));
	/* the same signer's: it may be an old one that somebody kept */
	assert_refused(next, RELOAD_E_FORBIDDEN, kind_block(signer, KIND_BLOCKS_ID, 65, ""));
	same = learnt(next, kind_block(signer, KIND_BLOCKS_ID, 64, " "));
	g_assert_true(same == next);
	reload_document_unref(same);
	/* IANA's, with limits that are not ours */
	assert_refused(next, RELOAD_E_FORBIDDEN,
		       kind_block(signer, RELOAD_KIND_SIP_REGISTRATION, 64, ""));
	g_assert_cmpuint(reload_document_kind(next, KIND_BLOCKS_ID)->max_size, ==, 64);
	reload_document_unref(next);
	reload_document_unref(document);
}

/* All or nothing. */
static void test_several(void)
{
	ReloadDocument *document = kind_document(&pki, 1, signers, ""), *next = NULL;
	ReloadTrust *trust = reload_document_trust(document, NULL);
	GBytes *first = kind_block(signer, KIND_BLOCKS_ID, 64, ""),
	       *last = kind_block(second, KIND_BLOCKS_ID + 1, 64, ""),
	       *bad = kind_block(other, KIND_BLOCKS_ID + 2, 64, "");
	ReloadSpan texts[] = {pki_span(first), pki_span(last), pki_span(bad)};
	char *joined = g_strdup_printf("%.*s %.*s", (int)texts[0].len, (const char *)texts[0].data,
				       (int)texts[1].len, (const char *)texts[1].data);

	g_assert_cmpint(reload_document_learn(document, trust, texts, 3, "", PKI_NOW, &next, NULL),
			==, RELOAD_E_FORBIDDEN);
	g_assert_null(next);
	g_assert_cmpint(reload_document_learn(document, trust, texts, 2, "", PKI_NOW, &next, NULL),
			==, RELOAD_OK);
	g_assert_nonnull(reload_document_kind(next, KIND_BLOCKS_ID + 1));
	reload_document_unref(next);
	next = learnt(document, g_bytes_new_take(joined, strlen(joined)));
	g_assert_nonnull(reload_document_kind(next, KIND_BLOCKS_ID));
	g_assert_nonnull(reload_document_kind(next, KIND_BLOCKS_ID + 1));
	reload_document_unref(next);
	g_bytes_unref(first);
	g_bytes_unref(last);
	g_bytes_unref(bad);
	reload_trust_unref(trust);
	reload_document_unref(document);
}

static void test_malformed(void)
{
	static const char *const texts[] = {
	    "",
	    " ",
	    "text",
	    "<kind-block/>",
	    "<kind-block><kind/><kind/></kind-block>",
	    "<kind-block><kind/><more/></kind-block>",
	    "<kind-block xmlns=\"urn:other\"><kind/></kind-block>",
	    "<kind id=\"5\"/>",
	    "<kind-block><kind/>",
	    "<kind-block><kind/><kind-signature>?</kind-signature></kind-block>",
	    "</kinds><kinds>",
	    "</kinds><kinds xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\"><kind-block/>",
	    "<!--",
	    "<?xml version=\"1.0\"?><kind-block/>",
	    "<!DOCTYPE x [<!ENTITY a \"aa\">]><kind-block>&a;</kind-block>",
	    "<kind-block><kind id=\"&a;\"/></kind-block>",
	    "<kind-block xmlns:x=\"a&#10;b c\"><kind id=\"5\"/></kind-block",
	    "<kind-block>\xff</kind-block>",
	};
	ReloadDocument *document = kind_document(&pki, 1, signers, "");
	GBytes *block;

	for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
		assert_refused(document, RELOAD_E_CONFIG, text_bytes(texts[i]));
	assert_refused(document, RELOAD_E_CONFIG, g_bytes_new_static("<kind-block/>\0", 14));
	/* signed, but nothing that this release can do */
	assert_refused(document, RELOAD_E_UNSUPPORTED,
		       kind_block(signer, KIND_BLOCKS_ID, 64, "<data-model>TREE</data-model>"));
	assert_refused(document, RELOAD_E_CONFIG, kind_block(signer, 0x7fffffff, 64, ""));
	/* larger than any file of ours */
	block = g_bytes_new_take(g_strnfill(RELOAD_DOCUMENT_MAX_BYTES + 1, ' '),
				 RELOAD_DOCUMENT_MAX_BYTES + 1);
	assert_refused(document, RELOAD_E_CONFIG, block);
	reload_document_unref(document);
}

/* A domain-restriction in a Kind is not the overlay's. */
static void test_domains(void)
{
	ReloadDocument *document = kind_document(&pki, 1, signers, ""), *next;

	next = learnt(document, kind_block(signer, KIND_BLOCKS_ID, 64,
					   "<s:domain-restriction "
					   "xmlns:s=\"urn:ietf:params:xml:ns:p2p:config-base:sip\" "
					   "enable=\"true\"><s:pattern>none</s:pattern>"
					   "</s:domain-restriction>"));
	g_assert_true(reload_document_admits_domain(next, "anything.example", 16));
	reload_document_unref(next);
	reload_document_unref(document);
}

static void test_bounds(void)
{
	ReloadDocument *document = kind_document(&pki, 1, signers, ""), *next;
	GString *filler = g_string_new("<e:x xmlns:e=\"urn:e\">");
	unsigned count = 0;

	for (; count < RELOAD_LEARNED_KINDS_MAX; count++) {
		next = learnt(document, kind_block(signer, KIND_BLOCKS_ID + count, 64, ""));
		reload_document_unref(document);
		document = next;
	}
	assert_refused(document, RELOAD_E_LIMIT,
		       kind_block(signer, KIND_BLOCKS_ID + count, 64, ""));
	reload_document_unref(document);

	/* one that cannot be handed on; then as many as make up the bytes */
	document = kind_document(&pki, 1, signers, "");
	while (filler->len < 60000)
		g_string_append_c(filler, 'x');
	g_string_append(filler, "</e:x>");
	for (count = 0; count < RELOAD_LEARNED_BYTES_MAX / RELOAD_KIND_BLOCK_MAX; count++) {
		next =
		    learnt(document, kind_block(signer, KIND_BLOCKS_ID + count, 64, filler->str));
		reload_document_unref(document);
		document = next;
	}
	assert_refused(document, RELOAD_E_LIMIT,
		       kind_block(signer, KIND_BLOCKS_ID + count, 64, filler->str));
	reload_document_unref(document);
	document = kind_document(&pki, 1, signers, "");
	g_string_insert_len(filler, 21, filler->str + 21, 6000);
	assert_refused(document, RELOAD_E_LIMIT, kind_block(signer, 2000, 64, filler->str));
	reload_document_unref(document);
	g_string_free(filler, TRUE);
}

/* What stays of two Kinds, by two signers, under a newer document. */
static void assert_inherits(ReloadDocument *current, ReloadDocument *next, bool first, bool last)
{
	ReloadTrust *trust = reload_document_trust(next, NULL);
	ReloadDocument *whole = reload_document_inherit_kinds(next, trust, current);

	g_assert_cmpuint(whole->sequence, ==, 2);
	g_assert_cmpint(reload_document_kind(whole, KIND_BLOCKS_ID) != NULL, ==, first);
	g_assert_cmpint(reload_document_kind(whole, KIND_BLOCKS_ID + 1) != NULL, ==, last);
	reload_document_unref(whole);
	reload_trust_unref(trust);
	reload_document_unref(next);
}

static void test_newer_document(void)
{
	static const char *const one[] = {"78", NULL};
	static const char own[] =
	    "<required-kinds><kind-block><kind id=\"4026532096\"><data-model>SINGLE</data-model>"
	    "<access-control>NODE-MATCH</access-control><max-count>1</max-count>"
	    "<max-size>99</max-size></kind></kind-block></required-kinds>";
	ReloadDocument *document = kind_document(&pki, 1, signers, ""), *current, *whole, *next;
	ReloadTrust *trust;
	Pki foreign;

	whole = learnt(document, kind_block(signer, KIND_BLOCKS_ID, 64, ""));
	current = learnt(whole, kind_block(second, KIND_BLOCKS_ID + 1, 64, ""));
	reload_document_unref(whole);
	reload_document_unref(document);
	assert_inherits(current, kind_document(&pki, 2, signers, ""), true, true);
	assert_inherits(current, kind_document(&pki, 2, one, ""), false, true);
	assert_inherits(current, kind_document(&pki, 2, nobody, ""), false, false);
	assert_inherits(current,
			kind_document(&pki, 2, signers,
				      "<bad-node>78787878787878787878787878787878</bad-node>"),
			true, false);
	pki_init(&foreign); /* the CA has changed */
	assert_inherits(current, kind_document(&foreign, 2, signers, ""), false, false);
	pki_clear(&foreign);
	/* 11.1: the document's own definition overrides */
	next = kind_document(&pki, 2, nobody, own);
	trust = reload_document_trust(next, NULL);
	whole = reload_document_inherit_kinds(next, trust, current);
	g_assert_cmpuint(reload_document_kind(whole, KIND_BLOCKS_ID)->max_size, ==, 99);
	g_assert_null(reload_document_kind_block(whole, KIND_BLOCKS_ID));
	reload_document_unref(whole);
	reload_trust_unref(trust);
	reload_document_unref(next);
	reload_document_unref(current);
}

int main(int argc, char **argv)
{
	int result;

	g_test_init(&argc, &argv, NULL);
	pki_init(&pki);
	signer = pki_identity(&pki, RELOAD_KEY_P256, SIGNER, "signer@example.org");
	second = pki_identity(&pki, RELOAD_KEY_RSA2048, SECOND, "second@example.org");
	other = pki_identity(&pki, RELOAD_KEY_P256, OTHER, "other@example.org");
	g_test_add_func("/config/kinds/taken", test_taken);
	g_test_add_func("/config/kinds/handed-on", test_handed_on);
	g_test_add_func("/config/kinds/by-whom", test_by_whom);
	g_test_add_func("/config/kinds/conflicts", test_conflicts);
	g_test_add_func("/config/kinds/several", test_several);
	g_test_add_func("/config/kinds/malformed", test_malformed);
	g_test_add_func("/config/kinds/domains", test_domains);
	g_test_add_func("/config/kinds/bounds", test_bounds);
	g_test_add_func("/config/kinds/newer-document", test_newer_document);
	result = g_test_run();
	reload_identity_unref(other);
	reload_identity_unref(second);
	reload_identity_unref(signer);
	pki_clear(&pki);
	return result;
}
