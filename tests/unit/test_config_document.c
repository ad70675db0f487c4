/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Overlay documents: what they mean, and that a wrong one is refused with a line that names the
 * element. */
#include "reload_core/config/document.h"
#include "reload_core/config/document_sign.h"
#include "tests/unit/pki.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define NAME "instance-name=\"" PKI_OVERLAY "\""
#define NO_ICE "<no-ice>true</no-ice>"
#define SECRET "<shared-secret>d2VsY29tZSB0byB0aGUgcmluZw==</shared-secret>"
#define PATTERN(text)                                                                              \
	"<sip:domain-restriction enable=\"true\"><sip:pattern>" text                               \
	"</sip:pattern></sip:domain-restriction>"
#define KIND(inside)                                                                               \
	"<required-kinds><kind-block><kind id=\"4026531850\">" inside                              \
	"</kind></kind-block></required-kinds>"
#define COUNTS "<max-count>3</max-count><max-size>4</max-size>"

static Pki pki;

static ReloadDocument *parse_text(char *text, const char *overlay, int64_t now, GError **error)
{
	GBytes *bytes = g_bytes_new_take(text, strlen(text));
	ReloadDocument *document = reload_document_parse(bytes, "doc.xml", overlay, now, error);

	g_bytes_unref(bytes);
	return document;
}

static void test_defaults(void)
{
	ReloadDocument *document = pki_document(&pki, "");

	g_assert_cmpstr(document->overlay, ==, PKI_OVERLAY);
	g_assert_cmpuint(document->overlay_hash, ==, reload_overlay_hash(PKI_OVERLAY));
	g_assert_cmpuint(document->sequence, ==, 1);
	g_assert_true(document->expiration == INT64_MAX);
	g_assert_cmpstr(document->topology_plugin, ==, "CHORD-RELOAD");
	g_assert_cmpuint(document->node_id_length, ==, 16);
	g_assert_false(document->self_signed_permitted);
	g_assert_cmpuint(document->max_message_size, ==, 5000);
	g_assert_cmpuint(document->initial_ttl, ==, 100);
	g_assert_cmpuint(document->overlay_reliability_timer, ==, 3000);
	g_assert_cmpuint(document->turn_density, ==, 1);
	g_assert_true(document->clients_permitted);
	g_assert_true(document->chord_reactive);
	g_assert_cmpuint(document->chord_update_interval, ==, 600);
	g_assert_false(document->is_signed);
	g_assert_cmpint(reload_document_kind(document, RELOAD_KIND_SIP_REGISTRATION)->model, ==,
			RELOAD_MODEL_DICTIONARY);
	g_assert_cmpint(reload_document_kind(document, RELOAD_KIND_TURN_SERVICE)->max_node_multiple,
			==, 20);
	g_assert_cmpint(reload_document_kind(document, RELOAD_KIND_CERTIFICATE_BY_NODE)->access, ==,
			RELOAD_ACCESS_NODE_MATCH);
	g_assert_cmpint(reload_document_kind(document, RELOAD_KIND_CERTIFICATE_BY_USER)->access, ==,
			RELOAD_ACCESS_USER_MATCH);
	g_assert_null(reload_document_kind(document, 0xf0000001u));
	g_assert_true(reload_document_admits_domain(document, "anything.example", 16));
	reload_document_unref(document);
}

static void test_all_elements(void)
{
	char *text = pki_document_text(
	    pki.ca,
	    NAME " sequence=\"22\" expiration=\"2031-10-10T07:00:00Z\" ext:ext-example=\"stuff\"",
	    "<topology-plugin> CHORD-RELOAD </topology-plugin><node-id-length>16</node-id-length>"
	    "<enrollment-server>https://example.org</enrollment-server>"
	    "<self-signed-permitted digest=\"sha1\">false</self-signed-permitted>"
	    "<bootstrap-node address=\"192.0.0.1\" port=\"6085\"/><bootstrap-node "
	    "address=\"2001:DB8::1\"/>"
	    "<turn-density> 20 </turn-density><clients-permitted> false </clients-permitted>"
	    "<no-ice> 1 </no-ice><chord:chord-update-interval>\n 400</chord:chord-update-interval>"
	    "<chord:chord-ping-interval>30</chord:chord-ping-interval>"
	    "<chord:chord-reactive> false </chord:chord-reactive>"
	    "<max-message-size>4000</max-message-size><initial-ttl> 30 </initial-ttl>"
	    "<overlay-reliability-timer> 3001 </overlay-reliability-timer>"
	    "<overlay-link-protocol>DTLS</overlay-link-protocol><overlay-link-protocol>TLS</"
	    "overlay-link-protocol>"
	    "<bad-node> 11111111111111111111111111111111 "
	    "</bad-node><bad-node>22222222222222222222222222222222"
	    "</bad-node><ext:example-extension> foo </ext:example-extension>"
	    "<mandatory-extension>urn:ietf:params:xml:ns:p2p:config-chord</mandatory-extension>"
	    "<required-kinds><kind-block><kind "
	    "name=\"SIP-REGISTRATION\"><data-model>SINGLE</data-model>"
	    "<access-control>USER-MATCH</access-control><max-count>1</max-count><max-size>100</"
	    "max-size></kind>"
	    "</kind-block><kind-block><kind id=\"2000\"><data-model>ARRAY</data-model>"
	    "<access-control>NODE-MULTIPLE</access-control><max-node-multiple>3</max-node-multiple>"
	    "<max-count>22</max-count><max-size>4</max-size><ext:example-kind-extension> 1"
	    "</ext:example-kind-extension></kind></kind-block></required-kinds>");
	GError *error = NULL;
	ReloadDocument *document = parse_text(text, PKI_OVERLAY, PKI_NOW, &error);
	const ReloadKind *kind;
	ReloadAddress address;

	g_assert_no_error(error);
	g_assert_cmpuint(document->sequence, ==, 22);
	g_assert_true(document->expiration == INT64_C(1949382000000));
	g_assert_cmpuint(document->bootstrap_nodes->len, ==, 2);
	g_assert_true(reload_address_from_text("192.0.0.1", 6085, &address));
	g_assert_true(reload_address_equal(
	    &address, &g_array_index(document->bootstrap_nodes, ReloadAddress, 0)));
	g_assert_true(reload_address_from_text("2001:db8::1", 6084, &address));
	g_assert_true(reload_address_equal(
	    &address, &g_array_index(document->bootstrap_nodes, ReloadAddress, 1)));
	g_assert_cmpuint(document->turn_density, ==, 20);
	g_assert_false(document->clients_permitted);
	g_assert_true(document->no_ice);
	g_assert_cmpuint(document->chord_update_interval, ==, 400);
	g_assert_cmpuint(document->chord_ping_interval, ==, 30);
	g_assert_false(document->chord_reactive);
	g_assert_cmpuint(document->max_message_size, ==, 4000);
	g_assert_cmpuint(document->initial_ttl, ==, 30);
	g_assert_cmpuint(document->overlay_reliability_timer, ==, 3001);
	g_assert_cmpuint(document->bad_nodes->len, ==, 2);
	g_assert_cmpstr(document->enrollment_servers->pdata[0], ==, "https://example.org");
	/* IANA wins over the document (RFC 6940, 11.1); its limits count. */
	kind = reload_document_kind(document, RELOAD_KIND_SIP_REGISTRATION);
	g_assert_cmpint(kind->model, ==, RELOAD_MODEL_DICTIONARY);
	g_assert_cmpint(kind->access, ==, RELOAD_ACCESS_USER_NODE_MATCH);
	g_assert_cmpuint(kind->max_count, ==, 1);
	g_assert_cmpuint(kind->max_size, ==, 100);
	g_assert_true(kind->required);
	kind = reload_document_kind(document, 2000);
	g_assert_cmpint(kind->model, ==, RELOAD_MODEL_ARRAY);
	g_assert_cmpint(kind->access, ==, RELOAD_ACCESS_NODE_MULTIPLE);
	g_assert_cmpuint(kind->max_node_multiple, ==, 3);
	reload_document_unref(document);
}

typedef struct {
	const char *attributes;
	const char *inside;
	const char *names; /* what the line must name */
} Wrong;

/* Each is refused in one line that names the file and what is wrong. */
static void assert_refused(const Wrong *wrong, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		GError *error = NULL;
		ReloadDocument *document =
		    parse_text(pki_document_text(pki.ca, wrong[i].attributes, wrong[i].inside),
			       NULL, PKI_NOW, &error);

		if (document || !strstr(error->message, wrong[i].names))
			g_error("%s %s: %s", wrong[i].attributes, wrong[i].inside,
				error ? error->message : "accepted");
		g_assert_true(g_str_has_prefix(error->message, "doc.xml:"));
		g_assert_null(strchr(error->message, '\n'));
		g_error_free(error);
	}
}

static void refuse_attributes(void)
{
	static const Wrong wrong[] = {
	    {"", NO_ICE, "instance-name"},
	    {"instance-name=\"a b\"", NO_ICE, "instance-name"},
	    {"instance-name=\"../x\"", NO_ICE, "instance-name"},
	    {NAME " sequence=\"65535\"", NO_ICE, "sequence"},
	    {NAME " sequence=\"-1\"", NO_ICE, "sequence"},
	    {NAME " expiration=\"tomorrow\"", NO_ICE, "expiration"},
	    {NAME " expiration=\"2029-12-31T23:59:59Z\"", NO_ICE,
	     "has expired on 2029-12-31T23:59:59Z"},
	};

	assert_refused(wrong, G_N_ELEMENTS(wrong));
}

/* What fixes the overlay and who belongs to it. */
static void refuse_overlay(void)
{
	static const Wrong wrong[] = {
	    {NAME, "", "<no-ice>"},
	    {NAME, "<no-ice>false</no-ice>", "<no-ice>"},
	    {NAME, "<no-ice>yes</no-ice>", "<no-ice>"},
	    {NAME, NO_ICE NO_ICE, "<no-ice>"},
	    {NAME, NO_ICE "<topology-plugin>KAD</topology-plugin>", "<topology-plugin>"},
	    {NAME, NO_ICE "<node-id-length>20</node-id-length>", "<node-id-length>: must be 16"},
	    {NAME, NO_ICE "<node-id-length>15</node-id-length>", "<node-id-length>"},
	    {NAME, NO_ICE "<root-cert>YmFkIGNlcnQK</root-cert>", "root-cert 2"},
	    {NAME, NO_ICE "<root-cert>!!</root-cert>", "<root-cert>"},
	    {NAME, NO_ICE "<root-cert></root-cert>", "<root-cert>"},
	    {NAME, NO_ICE "<self-signed-permitted>true</self-signed-permitted>",
	     "<self-signed-permitted>"},
	    {NAME, NO_ICE "<self-signed-permitted digest=\"md5\">true</self-signed-permitted>",
	     "<self-signed-permitted>"},
	    {NAME, NO_ICE "<bad-node>6ebc45d31a900c06</bad-node>", "<bad-node>"},
	    {NAME, NO_ICE "<configuration-signer>x</configuration-signer>",
	     "<configuration-signer>"},
	    {NAME,
	     NO_ICE "<configuration-signer>11111111111111111111111111111111</configuration-signer>",
	     "lacks <signature>"},
	};

	assert_refused(wrong, G_N_ELEMENTS(wrong));
}

static void refuse_settings(void)
{
	static const Wrong wrong[] = {
	    {NAME, NO_ICE "<bootstrap-node address=\"host.example\"/>", "<bootstrap-node>"},
	    {NAME, NO_ICE "<bootstrap-node address=\"192.0.2.1\" port=\"0\"/>", "<bootstrap-node>"},
	    {NAME, NO_ICE "<bootstrap-node port=\"1\"/>", "<bootstrap-node>"},
	    {NAME, NO_ICE "<turn-density>256</turn-density>", "<turn-density>"},
	    {NAME, NO_ICE "<clients-permitted/>", "<clients-permitted>"},
	    {NAME, NO_ICE "<shared-secret>password</shared-secret>", "<shared-secret>: has less"},
	    {NAME, NO_ICE "<shared-secret>   15 bytes of it.   </shared-secret>",
	     "<shared-secret>: has less"},
	    {NAME, NO_ICE SECRET SECRET, "<shared-secret>: stands too often"},
	    {NAME, NO_ICE "<max-message-size>10</max-message-size>", "<max-message-size>"},
	    {NAME, NO_ICE "<max-message-size>99999999999999999999</max-message-size>",
	     "<max-message-size>"},
	    {NAME, NO_ICE "<initial-ttl>256</initial-ttl>", "<initial-ttl>"},
	    {NAME, NO_ICE "<overlay-reliability-timer>199</overlay-reliability-timer>",
	     "<overlay-reliability-timer>"},
	    {NAME, NO_ICE "<overlay-link-protocol>HIP</overlay-link-protocol>",
	     "overlay-link-protocol"},
	    {NAME, NO_ICE "<enrollment-server>http://example.org</enrollment-server>",
	     "<enrollment-server>"},
	    {NAME, NO_ICE "<mandatory-extension>urn:x</mandatory-extension>",
	     "<mandatory-extension>"},
	    {NAME, NO_ICE "<chord:chord-update-interval>0</chord:chord-update-interval>",
	     "<chord-update-interval>"},
	    {NAME, NO_ICE "<chord:chord-recative>true</chord:chord-recative>", "<chord-recative>"},
	    {NAME, NO_ICE "<no-such-thing/>", "<no-such-thing>"},
	    {NAME, "<no-ice>true<b/></no-ice>", "<no-ice>"},
	};

	assert_refused(wrong, G_N_ELEMENTS(wrong));
}

static void refuse_kinds(void)
{
	static const Wrong wrong[] = {
	    {NAME, NO_ICE KIND(COUNTS "<data-model>ARRAY</data-model>"),
	     "<kind>: lacks <access-control>"},
	    {NAME, NO_ICE KIND(COUNTS "<access-control>NODE-MATCH</access-control>"),
	     "lacks <data-model>"},
	    {NAME,
	     NO_ICE KIND(
		 "<max-count>3</max-count><data-model>ARRAY</data-model><access-control>NODE-MATCH"
		 "</access-control>"),
	     "lacks <max-size>"},
	    {NAME,
	     NO_ICE KIND(COUNTS "<data-model>ARRAY</data-model><access-control>NODE-MULTIPLE"
				"</access-control>"),
	     "<max-node-multiple>"},
	    {NAME,
	     NO_ICE KIND(COUNTS "<data-model>ARRAY</data-model><access-control>USER-NODE-MATCH"
				"</access-control>"),
	     "USER-NODE-MATCH"},
	    {NAME, NO_ICE KIND("<max-node-multiple>0</max-node-multiple>"), "<max-node-multiple>"},
	    {NAME, NO_ICE KIND("<data-model>LIST</data-model>"), "<data-model>"},
	    {NAME, NO_ICE KIND("<access-control>ALL</access-control>"), "<access-control>"},
	    {NAME, NO_ICE KIND("<max-count>0</max-count>"), "<max-count>"},
	    {NAME, NO_ICE "<required-kinds><kind-block/></required-kinds>",
	     "<kind-block>: lacks <kind>"},
	    {NAME,
	     NO_ICE
	     "<required-kinds><kind-block><kind name=\"NO-SUCH\"/></kind-block></required-kinds>",
	     "NO-SUCH"},
	    {NAME, NO_ICE "<required-kinds><kind-block><kind/></kind-block></required-kinds>",
	     "<kind>"},
	    {NAME,
	     NO_ICE "<kind-signer>11111111111111111111111111111111</kind-signer>" KIND(
		 COUNTS
		 "<data-model>ARRAY</data-model><access-control>NODE-MATCH</access-control>"),
	     "<kind-signature>"},
	};

	assert_refused(wrong, G_N_ELEMENTS(wrong));
}

/* RFC 7904, 3.4. */
static void refuse_domains(void)
{
	static const Wrong wrong[] = {
	    {NAME,
	     NO_ICE "<sip:domain-restriction enable=\"true\"><sip:pattern>(</sip:pattern>"
		    "</sip:domain-restriction>",
	     "<pattern>"},
	    {NAME,
	     NO_ICE "<sip:domain-restriction enable=\"true\"><sip:pattern>a)|(b</sip:pattern>"
		    "</sip:domain-restriction>",
	     "<pattern>"},
	    {NAME, NO_ICE "<sip:domain-restriction enable=\"on\"/>", "<domain-restriction>"},
	    {NAME, NO_ICE "<sip:domain-restriction enable=\"1\"><sip:other/></sip:domain-restriction>",
	     "<other>"},
	    /* what takes exponential time or space */
	    {NAME, NO_ICE PATTERN("(a)\\1"), "<pattern>"},
	    {NAME, NO_ICE PATTERN("((a{99}){99}){99}"), "<pattern>"},
	    {NAME, NO_ICE PATTERN("a{99999999999999999999999}"), "<pattern>"},
	    {NAME, NO_ICE PATTERN("(((((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+)+)+)+"), "<pattern>"},
	};

	assert_refused(wrong, G_N_ELEMENTS(wrong));
}

static void test_refused(void)
{
	refuse_attributes();
	refuse_overlay();
	refuse_settings();
	refuse_kinds();
	refuse_domains();
}

static void refuse_text(const char *text, const char *names)
{
	GError *error = NULL;
	ReloadDocument *document = parse_text(g_strdup(text), NULL, PKI_NOW, &error);

	g_assert_null(document);
	g_assert_nonnull(error);
	if (!strstr(error->message, names))
		g_error("%s: %s", text, error->message);
	g_assert_null(strchr(error->message, '\n'));
	g_error_free(error);
}

/* Nothing is expanded, nothing is fetched. */
static void test_hostile_xml(void)
{
	GString *deep = g_string_new("<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\">");
	GBytes *large;
	GError *error = NULL;

	refuse_text("<!DOCTYPE overlay [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b "
		    "\"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
		    "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><overlay>&c;&c;&c;</overlay>",
		    "DOCTYPE");
	refuse_text("<!DOCTYPE overlay SYSTEM \"file:///etc/passwd\"><overlay/>", "DOCTYPE");
	refuse_text(
	    "<!DOCTYPE overlay [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><overlay>&x;</overlay>",
	    "DOCTYPE");
	refuse_text("<overlay>&undefined;</overlay>", "well-formed");
	refuse_text("<overlay", "well-formed");
	refuse_text("", "empty");
	refuse_text("\xff\xfe<", "UTF-8");
	refuse_text("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>"
		    "<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\"/>",
		    "UTF-8");
	/* Refused before anything is converted: libxml2 must not hand it to iconv. */
	refuse_text("<?xml version='1.0'\n encoding = 'utf-16'?><overlay/>", "declares an encoding");
	refuse_text("<?xml version='encoding=\"utf-8\"' encoding='CP1252'?><overlay/>",
		    "declares an encoding");
	refuse_text("<?xml encoding='UTF-8' encoding='UCS-4'?><overlay/>", "declares an encoding");
	refuse_text("<?xml version='1.0' encoding='UTF-8.'?><overlay/>", "declares an encoding");
	refuse_text("<?xml version='1.0' encoding = 'utf-8' ?><overlay/>", "<overlay>");
	refuse_text("<overlay/>", "<overlay>");
	refuse_text("<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\"/>",
		    "<configuration>");
	for (int i = 0; i < 5000; i++)
		g_string_append(deep, "<a>");
	refuse_text(deep->str, "well-formed");
	g_string_free(deep, TRUE);
	large = g_bytes_new_take(g_malloc0(RELOAD_DOCUMENT_MAX_BYTES + 1),
				 RELOAD_DOCUMENT_MAX_BYTES + 1);
	g_assert_null(reload_document_parse(large, "doc.xml", NULL, PKI_NOW, &error));
	g_assert_error(error, g_quark_from_string("reload-error-quark"), RELOAD_E_TOO_LARGE);
	g_error_free(error);
	g_bytes_unref(large);
	error = NULL;
	g_assert_null(reload_document_load_file("/no/such/file.xml", NULL, PKI_NOW, &error));
	g_assert_nonnull(strstr(error->message, "/no/such/file.xml"));
	g_error_free(error);
}

static void test_several_overlays(void)
{
	const char *text =
	    "<o:overlay xmlns:o=\"urn:ietf:params:xml:ns:p2p:config-base\">"
	    "<o:configuration instance-name=\"one.example\"><o:no-ice>true</o:no-ice>"
	    "<o:self-signed-permitted digest=\"sha256\">true</o:self-signed-permitted>"
	    "</o:configuration><o:configuration instance-name=\"two.example\"/></o:overlay>";
	GError *error = NULL;
	ReloadDocument *document = parse_text(g_strdup(text), "one.example", PKI_NOW, &error);

	g_assert_no_error(error);
	g_assert_true(document->self_signed_permitted);
	g_assert_cmpint(document->self_signed_digest, ==, RELOAD_DIGEST_SHA256);
	reload_document_unref(document);
	g_assert_null(parse_text(g_strdup(text), "three.example", PKI_NOW, &error));
	g_assert_nonnull(strstr(error->message, "three.example"));
	g_clear_error(&error);
	g_assert_null(parse_text(g_strdup(text), NULL, PKI_NOW, &error));
	g_assert_nonnull(strstr(error->message, "several"));
	g_clear_error(&error);
}

/* RFC 6940, 11.1 and 13.4; nothing that is printed shows it. */
static void test_shared_secret(void)
{
	GError *error = NULL;
	ReloadDocument *plain = pki_document(&pki, "");
	ReloadDocument *document = pki_document(&pki, SECRET);
	ReloadDocument *other =
	    pki_document(&pki, "<shared-secret>\n  sixteen &amp; bytes.  </shared-secret>");

	g_assert_cmpstr(document->shared_secret, ==, "d2VsY29tZSB0byB0aGUgcmluZw==");
	g_assert_cmpstr(other->shared_secret, ==, "sixteen & bytes.");
	g_assert_null(plain->shared_secret);
	g_assert_true(reload_document_same_secret(document, document));
	g_assert_true(reload_document_same_secret(plain, plain));
	g_assert_false(reload_document_same_secret(document, other));
	g_assert_false(reload_document_same_secret(document, plain));
	g_assert_false(reload_document_same_secret(plain, document));
	reload_document_unref(plain);
	reload_document_unref(document);
	reload_document_unref(other);
	g_assert_null(parse_text(
	    pki_document_text(pki.ca, NAME, NO_ICE "<shared-secret>hush-hush</shared-secret>"),
	    NULL, PKI_NOW, &error));
	g_assert_nonnull(strstr(error->message, "openssl rand"));
	g_assert_null(strstr(error->message, "hush"));
	g_clear_error(&error);
	/* another overlay's would go out with our document */
	g_assert_null(parse_text(
	    g_strdup("<overlay xmlns=\"urn:ietf:params:xml:ns:p2p:config-base\">"
		     "<configuration instance-name=\"one.example\">" NO_ICE
		     "<self-signed-permitted digest=\"sha256\">true</self-signed-permitted>"
		     "</configuration><configuration instance-name=\"two.example\">" SECRET
		     "</configuration></overlay>"),
	    "one.example", PKI_NOW, &error));
	g_assert_nonnull(strstr(error->message, "<shared-secret>: belongs to another overlay"));
	g_clear_error(&error);
}

/* 14.16: its file is confidential. */
static void test_shared_secret_file(void)
{
	char *path, *text = pki_document_text(pki.ca, NAME, NO_ICE SECRET);
	GError *error = NULL;
	int fd = g_file_open_tmp("reload-document-XXXXXX", &path, &error);
	ReloadDocument *document;

	g_assert_no_error(error);
	close(fd);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	for (unsigned bit = 1; bit <= 0040; bit <<= 1) {
		g_assert_cmpint(g_chmod(path, 0600 | bit), ==, 0);
		g_assert_null(reload_document_load_file(path, NULL, PKI_NOW, &error));
		g_assert_nonnull(strstr(error->message, "chmod 0600"));
		g_clear_error(&error);
		g_assert_null(reload_document_load_unverified(path, &error));
		g_clear_error(&error);
	}
	g_assert_cmpint(g_chmod(path, 0600), ==, 0);
	document = reload_document_load_file(path, NULL, PKI_NOW, &error);
	g_assert_no_error(error);
	reload_document_unref(document);
	g_assert_cmpint(g_unlink(path), ==, 0);
	g_free(path);
	g_free(text);
}

static void test_domains(void)
{
	ReloadDocument *document = pki_document(
	    &pki, "<sip:domain-restrictions "
		  "enable=\"true\"><sip:pattern>dht\\.example\\.com</sip:pattern>"
		  "<sip:pattern>.*\\.my\\.example</sip:pattern></sip:domain-restrictions>");

	g_assert_true(reload_document_admits_user(document, "alice@dht.example.com"));
	g_assert_true(reload_document_admits_user(document, "alice@DHT.example.com"));
	g_assert_true(reload_document_admits_user(document, "a@b@x.my.example"));
	g_assert_false(reload_document_admits_user(document, "alice@dht.example.com.evil"));
	g_assert_false(reload_document_admits_user(document, "alice@evil.dht.example.com"));
	g_assert_false(reload_document_admits_user(document, "alice@dhtxexample.com"));
	g_assert_false(reload_document_admits_user(document, "alice"));
	g_assert_false(reload_document_admits_user(document, "@dht.example.com"));
	reload_document_unref(document);
	/* Repetitions that cost little. */
	document = pki_document(&pki, PATTERN("([a-z]+\\.){1,2}example"));
	g_assert_true(reload_document_admits_user(document, "alice@a.b.example"));
	g_assert_false(reload_document_admits_user(document, "alice@a.b.c.example"));
	reload_document_unref(document);
	/* Not enabled: only the overlay's own name. */
	document = pki_document(&pki, "<sip:domain-restriction/>");
	g_assert_true(reload_document_admits_user(document, "alice@" PKI_OVERLAY));
	g_assert_false(reload_document_admits_user(document, "alice@example.org"));
	reload_document_unref(document);
}

static void test_resource_id(void)
{
	ReloadDocument *document = pki_document(&pki, "");
	char *sha1 = g_compute_checksum_for_string(G_CHECKSUM_SHA1, "alice@example.org", -1);
	ReloadResourceId id;

	reload_resource_id_from_name(document, "alice@example.org", 17, &id);
	g_assert_cmpuint(id.len, ==, 16);
	for (int i = 0; i < 16; i++) {
		char digits[3] = {sha1[2 * i], sha1[2 * i + 1], 0};

		g_assert_cmpuint(id.id[i], ==, g_ascii_strtoull(digits, NULL, 16));
	}
	g_free(sha1);
	reload_document_unref(document);
}

/* A signed document; sequence as given. Comments, CDATA and white space are there to be tripped
 * over. */
static GBytes *signed_text(const ReloadIdentity *signer, int sequence)
{
	char *text = pki_document_text(
	    pki.ca, NAME "  sequence='1'",
	    "\n<!-- </configuration> --> " NO_ICE
	    "<configuration-signer>77777777777777777777777777777777</configuration-signer>"
	    "<kind-signer>77777777777777777777777777777777</kind-signer>"
	    "<ext:x><![CDATA[</configuration><configuration>]]></ext:x>" KIND(
		COUNTS
		"<data-model>ARRAY</data-model><access-control>NODE-MATCH</access-control>"));
	GBytes *bytes = g_bytes_new_take(text, strlen(text)), *done;
	GError *error = NULL;

	done = reload_document_sign(bytes, "doc.xml", NULL, signer, sequence, PKI_NOW + PKI_DAY,
				    &error);
	g_assert_no_error(error);
	g_bytes_unref(bytes);
	return done;
}

static char *to_text(GBytes *bytes)
{
	gsize length;
	const char *data = g_bytes_get_data(bytes, &length);

	return g_strndup(data, length);
}

static void test_signed(void)
{
	ReloadIdentity *signer = pki_identity(&pki, RELOAD_KEY_P256, 0x77, "signer@example.org");
	ReloadIdentity *other = pki_identity(&pki, RELOAD_KEY_P256, 0x78, "other@example.org");
	GBytes *bytes = signed_text(signer, 5), *again, *forged = signed_text(other, 5);
	GError *error = NULL;
	ReloadDocument *document = reload_document_parse(bytes, "doc.xml", NULL, PKI_NOW, &error);
	char *text, *at;

	g_assert_no_error(error);
	g_assert_true(document->is_signed);
	g_assert_cmpuint(document->sequence, ==, 5);
	g_assert_true(document->expiration == PKI_NOW + PKI_DAY);
	reload_document_unref(document);
	/* Signed again: the old signatures go, the document stays. */
	again = reload_document_sign(bytes, "doc.xml", NULL, signer, 6, -1, &error);
	g_assert_no_error(error);
	document = reload_document_parse(again, "doc.xml", NULL, PKI_NOW, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(document->signatures->len, ==, 1);
	g_assert_cmpuint(document->sequence, ==, 6);
	reload_document_unref(document);
	/* By somebody who is not listed. */
	g_assert_null(reload_document_parse(forged, "doc.xml", NULL, PKI_NOW, &error));
	g_assert_nonnull(strstr(error->message, "<signature>"));
	g_clear_error(&error);
	/* White space counts. */
	text = to_text(bytes);
	at = strstr(text, "<max-count>");
	at[-1] = at[-1] == '>' ? '>' : ' ';
	at = strstr(text, "'1'");
	g_assert_null(at);
	at = strstr(text, "  sequence");
	at[0] = '\n';
	g_assert_null(parse_text(text, NULL, PKI_NOW, &error));
	g_assert_nonnull(strstr(error->message, "<signature>"));
	g_clear_error(&error);
	g_bytes_unref(bytes);
	g_bytes_unref(again);
	g_bytes_unref(forged);
	reload_identity_unref(signer);
	reload_identity_unref(other);
}

/* A Kind's own signature is looked at where no configuration-signer vouches for the whole. */
static void test_signed_kind(void)
{
	ReloadIdentity *signer = pki_identity(&pki, RELOAD_KEY_P256, 0x77, "signer@example.org");
	char *text = pki_document_text(
	    pki.ca, NAME,
	    NO_ICE "<kind-signer>77777777777777777777777777777777</kind-signer>" KIND(
		COUNTS
		"<data-model>ARRAY</data-model><access-control>NODE-MATCH</access-control>"));
	GBytes *bytes = g_bytes_new_take(text, strlen(text)), *done;
	GError *error = NULL;
	ReloadDocument *document;

	done = reload_document_sign(bytes, "doc.xml", NULL, signer, -1, -1, &error);
	g_assert_no_error(error);
	document = reload_document_parse(done, "doc.xml", NULL, PKI_NOW, &error);
	g_assert_no_error(error);
	g_assert_false(document->is_signed);
	reload_document_unref(document);
	text = to_text(done);
	strstr(text, "<max-size>4<")[10] = '5';
	g_assert_null(parse_text(text, NULL, PKI_NOW, &error));
	g_assert_nonnull(strstr(error->message, "<kind-signature>: cannot be accepted"));
	g_clear_error(&error);
	g_bytes_unref(bytes);
	g_bytes_unref(done);
	reload_identity_unref(signer);
}

static ReloadStatus succeed(const ReloadDocument *current, const ReloadIdentity *signer,
			    int sequence)
{
	GBytes *bytes = signed_text(signer, sequence);
	ReloadDocument *next = reload_document_parse(bytes, "doc.xml", NULL, PKI_NOW, NULL);
	ReloadStatus status = reload_document_check_successor(current, next, PKI_NOW, NULL);

	reload_document_unref(next);
	g_bytes_unref(bytes);
	return status;
}

static void test_successor(void)
{
	ReloadIdentity *signer = pki_identity(&pki, RELOAD_KEY_RSA2048, 0x77, "signer@example.org");
	GBytes *bytes = signed_text(signer, 5);
	ReloadDocument *document = reload_document_parse(bytes, "doc.xml", NULL, PKI_NOW, NULL);
	ReloadDocument *bare;
	char *text;

	g_assert_nonnull(document);
	g_assert_cmpint(succeed(document, signer, 6), ==, RELOAD_OK);
	g_assert_cmpint(succeed(document, signer, 5), ==, RELOAD_E_CONFIG);
	g_assert_cmpint(succeed(document, signer, 4), ==, RELOAD_E_CONFIG);
	/* 6.3.2.1: modulo 65535. */
	g_assert_true(reload_document_sequence_is_newer(7232, 40000));
	g_assert_false(reload_document_sequence_is_newer(7233, 40000));
	/* Modulo 65535: that is four behind 5. */
	g_assert_cmpint(succeed(document, signer, 65534), ==, RELOAD_E_CONFIG);
	text = pki_document_text(pki.ca, NAME " sequence=\"9\"", NO_ICE);
	bare = parse_text(text, NULL, PKI_NOW, NULL);
	g_assert_cmpint(reload_document_check_successor(document, bare, PKI_NOW, NULL), ==,
			RELOAD_E_SIGNATURE);
	reload_document_unref(bare);
	reload_document_unref(document);
	g_bytes_unref(bytes);
	reload_identity_unref(signer);
}

int main(int argc, char **argv)
{
	int result;

	g_test_init(&argc, &argv, NULL);
	pki_init(&pki);
	g_test_add_func("/config/document/defaults", test_defaults);
	g_test_add_func("/config/document/all-elements", test_all_elements);
	g_test_add_func("/config/document/refused", test_refused);
	g_test_add_func("/config/document/hostile-xml", test_hostile_xml);
	g_test_add_func("/config/document/several-overlays", test_several_overlays);
	g_test_add_func("/config/document/shared-secret", test_shared_secret);
	g_test_add_func("/config/document/shared-secret-file", test_shared_secret_file);
	g_test_add_func("/config/document/domains", test_domains);
	g_test_add_func("/config/document/resource-id", test_resource_id);
	g_test_add_func("/config/document/signed", test_signed);
	g_test_add_func("/config/document/signed-kind", test_signed_kind);
	g_test_add_func("/config/document/successor", test_successor);
	result = g_test_run();
	pki_clear(&pki);
	return result;
}
