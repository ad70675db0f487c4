/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands around the signed bytes of a document, where whoever hands it on may write what he likes, and what a
 * document is to the one before it, by its signature alone (RFC 6940, 11.1). */
#include "reload_core/config/document.h"
#include "reload_core/config/document_sign.h"
#include "tests/unit/pki.h"

#define SIGNER 0x77
#define OTHER 0x78
#define NAME "instance-name=\"" PKI_OVERLAY "\" sequence=\"1\""
#define LISTED                                                                                               \
	"<no-ice>true</no-ice><configuration-signer>77777777777777777777777777777777"                        \
	"</configuration-signer><kind-signer>77777777777777777777777777777777</kind-signer>"
#define DOMAINS                                                                                              \
	"<sip:domain-restriction enable=\"true\"><sip:pattern>good\\.example</sip:pattern>"                  \
	"</sip:domain-restriction>"

typedef struct {
	Pki pki;
	ReloadIdentity *signer, *other;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
	(void)data;
	pki_init(&f->pki);
	f->signer = pki_identity(&f->pki, RELOAD_KEY_P256, SIGNER, "signer@example.org");
	f->other = pki_identity(&f->pki, RELOAD_KEY_P256, OTHER, "other@example.org");
}

static void tear_down(Fixture *f, gconstpointer data)
{
	(void)data;
	reload_identity_unref(f->signer);
	reload_identity_unref(f->other);
	pki_clear(&f->pki);
}

/* A document with `inside` besides what is LISTED, signed by signer. */
static char *signed_text(Fixture *f, const char *inside, const ReloadIdentity *signer, int sequence)
{
	char *all = g_strconcat(LISTED, inside, NULL), *text = pki_document_text(f->pki.ca, NAME, all);
	GBytes *bytes = g_bytes_new_take(text, strlen(text)), *done;
	GError *error = NULL;
	gsize length;
	const char *data;

	done = reload_document_sign(bytes, "doc.xml", NULL, signer, sequence, -1, &error);
	g_assert_no_error(error);
	data = g_bytes_get_data(done, &length);
	text = g_strndup(data, length);
	g_bytes_unref(done);
	g_bytes_unref(bytes);
	g_free(all);
	return text;
}

/* text, which is freed, with one thing replaced. */
static char *replaced(char *text, const char *old, const char *new)
{
	GString *string = g_string_new(text);

	g_assert_cmpuint(g_string_replace(string, old, new, 1), ==, 1);
	g_free(text);
	return g_string_free(string, FALSE);
}

/* Parses text, which is freed. */
static ReloadDocument *parse(char *text, GError **error)
{
	GBytes *bytes = g_bytes_new_take(text, strlen(text));
	ReloadDocument *document = reload_document_parse(bytes, "doc.xml", PKI_OVERLAY, PKI_NOW, error);

	g_bytes_unref(bytes);
	return document;
}

static ReloadDocument *good(char *text)
{
	GError *error = NULL;
	ReloadDocument *document = parse(text, &error);

	g_assert_no_error(error);
	return document;
}

static void assert_refused(char *text, const char *names)
{
	GError *error = NULL;

	g_assert_null(parse(text, &error));
	if (strstr(error->message, names) == NULL)
		g_error("not %s: %s", names, error->message);
	g_assert_cmpint(error->code, ==, RELOAD_E_CONFIG);
	g_error_free(error);
}

static char *handed_on(const ReloadDocument *document)
{
	gsize length;
	const char *data = g_bytes_get_data(document->handed_on, &length);

	return g_strndup(data, length);
}

/* Prefixes are declared outside of what is signed: bound to another namespace, no element of ours becomes one that
 * nobody looks at. */
static void test_namespaces(Fixture *f, gconstpointer data)
{
	static const char kinds[] =
		"<required-kinds><kind-block><kind name=\"SIP-REGISTRATION\"><data-model>DICTIONARY</data-model>"
		"<access-control>USER-NODE-MATCH</access-control><max-count>1</max-count><max-size>100</max-size>"
		DOMAINS "</kind></kind-block></required-kinds>";
	ReloadDocument *document;

	(void)data;
	document = good(signed_text(f, DOMAINS, f->signer, 1));
	g_assert_false(reload_document_admits_domain(document, "evil.example", 12));
	reload_document_unref(document);
	assert_refused(replaced(signed_text(f, DOMAINS, f->signer, 1), "p2p:config-base:sip\"", "x\""),
		       "<domain-restriction>: has a name of RELOAD's");
	document = good(signed_text(f, kinds, f->signer, 1));
	g_assert_false(reload_document_admits_domain(document, "evil.example", 12));
	reload_document_unref(document);
	assert_refused(replaced(signed_text(f, kinds, f->signer, 1), "p2p:config-base:sip\"", "x\""),
		       "<domain-restriction>: has a name of RELOAD's");
	assert_refused(replaced(signed_text(f, "<chord:chord-reactive>false</chord:chord-reactive>", f->signer, 1),
				"p2p:config-chord\"", "x\""),
		       "<chord-reactive>: has a name of RELOAD's");
	/* The other way about: an extension's element that would be one of ours by another binding. */
	assert_refused(signed_text(f, "<ext:initial-ttl>1</ext:initial-ttl>", f->signer, 1),
		       "<initial-ttl>: has a name of RELOAD's");
	assert_refused(signed_text(f, "<ext:domain-restrictions/>", f->signer, 1), "has a name of RELOAD's");
	assert_refused(replaced(signed_text(f, "<ext:thing/>", f->signer, 1), "urn:example:ext",
				"urn:ietf:params:xml:ns:p2p:config-base"),
		       "<thing>: is unknown");
	/* What is nobody's name may be there. */
	reload_document_unref(good(signed_text(f, "<ext:thing/>", f->signer, 1)));
}

/* Only this overlay's configuration and its signatures are handed on, each time the same. */
static void test_handed_on(Fixture *f, gconstpointer data)
{
	char *text = signed_text(f, DOMAINS, f->signer, 3), *junk = g_strnfill(50000, 'x');
	char *padding = g_strdup_printf("<!-- %s --><configuration instance-name=\"other.example\"><x/>"
					"</configuration></overlay>",
					junk);
	ReloadDocument *plain = good(g_strdup(text)), *padded = good(replaced(text, "</overlay>", padding));
	ReloadDocument *again = good(handed_on(plain));

	(void)data;
	g_assert_true(again->is_signed);
	g_assert_cmpuint(again->sequence, ==, 3);
	g_assert_false(reload_document_admits_domain(again, "evil.example", 12));
	g_assert_true(g_bytes_equal(again->handed_on, plain->handed_on));
	g_assert_true(g_bytes_equal(padded->handed_on, plain->handed_on));
	g_free(padding);
	g_free(junk);
	reload_document_unref(again);
	reload_document_unref(padded);
	reload_document_unref(plain);
	/* Nor can it be made large by what the root declares. */
	junk = g_strnfill(5000, 'x');
	padding = g_strdup_printf("<overlay xmlns:more=\"urn:%s\"", junk);
	plain = good(signed_text(f, "", f->signer, 3));
	padded = good(replaced(signed_text(f, "", f->signer, 3), "<overlay", padding));
	g_assert_cmpuint(g_bytes_get_size(padded->handed_on), <, g_bytes_get_size(plain->handed_on) + 100);
	reload_document_unref(padded);
	reload_document_unref(plain);
	assert_refused(replaced(signed_text(f, "<more:x xmlns:more=\"urn:y\"/>", f->signer, 3), "<overlay", padding),
		       "large namespaces");
	g_free(padding);
	g_free(junk);
}

static ReloadDocumentRank rank_of(const ReloadDocument *current, char *text)
{
	GBytes *bytes = g_bytes_new_take(text, strlen(text));
	ReloadDocumentRank rank = reload_document_rank(current, bytes, PKI_NOW);

	g_bytes_unref(bytes);
	return rank;
}

/* text, which is freed, without its signature. */
static char *unsigned_text(char *text)
{
	char *start = strstr(text, "<signature>"), *end = strstr(text, "</signature>");

	g_assert_true(start != NULL && end > start);
	memmove(start, end + strlen("</signature>"), strlen(end) - strlen("</signature>") + 1);
	return text;
}

static void test_rank(Fixture *f, gconstpointer data)
{
	char *text = signed_text(f, "", f->signer, 5);
	ReloadDocument *current = good(g_strdup(text));

	(void)data;
	g_assert_cmpint(rank_of(current, g_strdup(text)), ==, RELOAD_DOCUMENT_SAME);
	g_assert_cmpint(rank_of(current, replaced(text, "<overlay", "<!-- --><overlay")), ==, RELOAD_DOCUMENT_SAME);
	g_assert_cmpint(rank_of(current, signed_text(f, "", f->signer, 6)), ==, RELOAD_DOCUMENT_NEWER);
	/* Whatever it asks for. */
	g_assert_cmpint(rank_of(current, replaced(signed_text(f, "<ext:more/>", f->signer, 6), "urn:example:ext",
						  "urn:ietf:params:xml:ns:p2p:config-base")),
			==, RELOAD_DOCUMENT_NEWER);
	g_assert_cmpint(rank_of(current, signed_text(f, "<initial-ttl>9</initial-ttl>", f->signer, 5)), ==,
			RELOAD_DOCUMENT_CONFLICT);
	g_assert_cmpint(rank_of(current, signed_text(f, "<initial-ttl>9</initial-ttl>", f->other, 5)), ==,
			RELOAD_DOCUMENT_UNSIGNED);
	g_assert_cmpint(rank_of(current, signed_text(f, "", f->signer, 4)), ==, RELOAD_DOCUMENT_OLDER);
	g_assert_cmpint(rank_of(current, signed_text(f, "", f->signer, 65534)), ==, RELOAD_DOCUMENT_OLDER);
	g_assert_cmpint(rank_of(current, signed_text(f, "", f->other, 6)), ==, RELOAD_DOCUMENT_UNSIGNED);
	g_assert_cmpint(rank_of(current, unsigned_text(signed_text(f, "", f->signer, 6))), ==,
			RELOAD_DOCUMENT_UNSIGNED);
	g_assert_cmpint(rank_of(current, g_strdup("<overlay/>")), ==, RELOAD_DOCUMENT_UNREADABLE);
	g_assert_cmpint(rank_of(current, replaced(signed_text(f, "", f->signer, 6), PKI_OVERLAY, "other.example")),
			==, RELOAD_DOCUMENT_UNREADABLE);
	reload_document_unref(current);
}

/* Each signature costs a look at the whole: so many are looked at. */
static void test_many_signatures(Fixture *f, gconstpointer data)
{
	char *text = signed_text(f, "", f->signer, 5), *signature, *many = g_strdup("");
	ReloadDocument *current = good(g_strdup(text));
	char *start = strstr(text, "<signature>");

	(void)data;
	signature = g_strndup(start, (gsize)(strstr(start, "</signature>") - start) + strlen("</signature>"));
	for (unsigned i = 1; i < RELOAD_DOCUMENT_SIGNATURES_MAX; i++) {
		char *more = g_strconcat(many, signature, NULL);

		g_free(many);
		many = more;
	}
	{
		char *all = g_strconcat(many, "</overlay>", NULL);

		g_assert_cmpint(rank_of(current, replaced(g_strdup(text), "</overlay>", all)), ==,
				RELOAD_DOCUMENT_SAME);
		g_free(all);
		all = g_strconcat(many, signature, "</overlay>", NULL);
		g_assert_cmpint(rank_of(current, replaced(g_strdup(text), "</overlay>", all)), ==,
				RELOAD_DOCUMENT_UNREADABLE);
		assert_refused(replaced(text, "</overlay>", all), "is one of more than 8");
		g_free(all);
	}
	g_free(many);
	g_free(signature);
	reload_document_unref(current);
}

/* What takes libxml2 seconds is not given to it. */
static void test_dear(Fixture *f, gconstpointer data)
{
	GString *tag = g_string_new("<overlay"), *spaces = g_string_new("");

	(void)data;
	for (unsigned i = 0; i < 30000; i++)
		g_string_append_printf(tag, " a%u=''", i);
	g_string_append(tag, "/>");
	assert_refused(g_string_free(tag, FALSE), "more than 256 attributes");
	/* A ruler in a comment is not. */
	{
		char *ruler = g_strnfill(2000, '='), *comment = g_strdup_printf("<!-- %s --><overlay", ruler);

		reload_document_unref(good(replaced(signed_text(f, "", f->signer, 3), "<overlay", comment)));
		g_free(comment);
		g_free(ruler);
	}
	for (unsigned i = 0; i < 10000; i++)
		g_string_append_printf(spaces, "<a xmlns:n%u='x'>", i);
	assert_refused(g_string_free(spaces, FALSE), "more than 2048 namespaces");
}

/* What is right but more than we can do is told apart from what is wrong: only for that a node leaves. */
static void test_unsupported(Fixture *f, gconstpointer data)
{
	static const char *const more[] = {
		"<mandatory-extension>urn:x</mandatory-extension>",
		"<topology-plugin>KAD</topology-plugin>",
		"<node-id-length>20</node-id-length>",
		"<overlay-link-protocol>HIP</overlay-link-protocol>",
		"<required-kinds><kind-block><kind name=\"NO-SUCH\"/></kind-block></required-kinds>",
		"<required-kinds><kind-block><kind id=\"4026531850\"><data-model>LIST</data-model></kind>"
		"</kind-block></required-kinds>",
		"<required-kinds><kind-block><kind id=\"4026531850\"><access-control>ALL</access-control></kind>"
		"</kind-block></required-kinds>",
	};
	static const char *const wrong[] = {
		"<no-ice>true</no-ice>", "<initial-ttl>256</initial-ttl>", "<no-such-thing/>",
		"<required-kinds><kind-block/></required-kinds>",
		"<required-kinds><kind-block><kind id=\"4026531850\"><max-count>0</max-count></kind></kind-block>"
		"</required-kinds>",
	};
	GError *error = NULL;

	(void)data;
	for (unsigned i = 0; i < G_N_ELEMENTS(more); i++) {
		g_assert_null(parse(pki_document_text(f->pki.ca, NAME, more[i]), &error));
		g_assert_cmpint(error->code, ==, RELOAD_E_UNSUPPORTED);
		g_clear_error(&error);
	}
	g_assert_null(parse(pki_document_text(f->pki.ca, NAME, "<no-ice>false</no-ice>"), &error));
	g_assert_cmpint(error->code, ==, RELOAD_E_UNSUPPORTED);
	g_clear_error(&error);
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++) {
		char *inside = g_strconcat("<no-ice>true</no-ice>", wrong[i], NULL);

		assert_refused(pki_document_text(f->pki.ca, NAME, inside), "doc.xml:");
		g_free(inside);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/config/around/" name, Fixture, NULL, set_up, test, tear_down)
	ADD("namespaces", test_namespaces);
	ADD("handed-on", test_handed_on);
	ADD("rank", test_rank);
	ADD("many-signatures", test_many_signatures);
	ADD("dear", test_dear);
	ADD("unsupported", test_unsupported);
#undef ADD
	return g_test_run();
}
