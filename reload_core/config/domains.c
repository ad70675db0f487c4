/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domains' AORs an overlay stores (RFC 7904, 3.4). */
#include "reload_core/config/document_private.h"

#include <regex.h>

/* More and longer patterns than any provider has; regcomp's cost grows with them. */
#define PATTERNS_MAX 256
#define PATTERN_MAX_BYTES 256
/* glibc's regcomp writes a repetition out: ((a{1,100}){1,100}){1,100} takes a gigabyte. So many
 * characters may the patterns of a document have, written out. A document comes from anybody before
 * its signature is looked at. */
#define WRITTEN_OUT_MAX 32768
#define DOMAIN_MAX_BYTES 255

struct ReloadDomains {
	bool enabled;
	size_t written_out; /* characters of all patterns, repetitions written out */
	GPtrArray *patterns; /* regex_t * */
};

static void pattern_free(gpointer data)
{
	regfree(data);
	g_free(data);
}

void reload_domains_free(ReloadDomains *domains)
{
	if (!domains)
		return;
	g_ptr_array_unref(domains->patterns);
	g_free(domains);
}

/* The RFC's text and its grammar use two names for it, and Kinds' and the document's own place. */
static const char *const names[] = {"domain-restriction", "domain-restrictions"};

bool reload_domains_is_named(const xmlNode *node)
{
	return reload_xml_is_named(node, names, G_N_ELEMENTS(names));
}

bool reload_domains_is(const xmlNode *node)
{
	for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
		if (reload_xml_is(node, RELOAD_XML_NS_SIP, names[i]) ||
		    reload_xml_is(node, RELOAD_XML_NS_BASE, names[i]))
			return true;
	}
	return false;
}

/* The pattern has to match the whole domain: unanchored, dht\.example\.com would admit
 * dht.example.com.evil.org. */
static regex_t *compile(const char *pattern)
{
	char *anchored = g_strdup_printf("^(%s)$", pattern);
	regex_t *regex = g_new0(regex_t, 1);

	if (regcomp(regex, anchored, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) {
		g_free(regex);
		regex = NULL;
	}
	g_free(anchored);
	return regex;
}

/* How often the interval at text is repeated at most; *text moves to its last character. */
static size_t interval_count(const char **text)
{
	size_t count = 0, number = 0;
	const char *c = *text + 1;

	for (; *c != '\0' && *c != '}'; c++) {
		number = g_ascii_isdigit(*c) ? MIN(number * 10 + (size_t)(*c - '0'), WRITTEN_OUT_MAX) : 0;
		count = MAX(count, number);
	}
	*text = *c == '}' ? c : c - 1;
	return count + 1;
}

/* An upper limit of the characters of a pattern whose repetitions are written out: as if each stood
 * inside of all others. 0: it refers back to what a part of it matched, which no ERE may and whose
 * matching takes exponential time. */
static size_t written_out(const char *pattern)
{
	size_t times = 1;

	for (const char *c = pattern; *c != '\0'; c++) {
		if (*c == '\\' && g_ascii_isdigit(c[1]))
			return 0;
		if (*c == '+')
			times *= 2;
		else if (*c == '{')
			times *= interval_count(&c);
		times = MIN(times, (size_t)WRITTEN_OUT_MAX);
	}
	return times * strlen(pattern);
}

/* Keeps account of what patterns cost; false: too dear. */
static bool affordable(ReloadDomains *domains, const char *pattern)
{
	size_t cost = strlen(pattern) <= PATTERN_MAX_BYTES ? written_out(pattern) : 0;

	if (cost == 0 || cost > WRITTEN_OUT_MAX - domains->written_out)
		return false;
	domains->written_out += cost;
	return true;
}

static ReloadStatus add_pattern(const ReloadXml *xml, const xmlNode *node, ReloadDomains *domains,
				GError **error)
{
	char *text = reload_xml_text(xml, node, error);
	regex_t *alone, *regex = NULL;

	if (!text)
		return RELOAD_E_CONFIG;
	/* Compiled alone too: "a)|(b" would be one only together with our parentheses. */
	alone = affordable(domains, text) ? g_new0(regex_t, 1) : NULL;
	if (alone && regcomp(alone, text, REG_EXTENDED | REG_NOSUB) == 0) {
		regfree(alone);
		regex = compile(text);
	}
	g_free(alone);
	if (regex)
		g_ptr_array_add(domains->patterns, regex);
	else
		reload_xml_fail(xml, node, error,
				"\"%.40s\" is no POSIX extended regular expression, or one with too "
				"many repetitions: correct it",
				text);
	g_free(text);
	return regex ? RELOAD_OK : RELOAD_E_CONFIG;
}

static ReloadStatus read_enable(const ReloadXml *xml, const xmlNode *node, bool *enabled,
				GError **error)
{
	char *text = reload_xml_attribute(node, "enable");
	ReloadStatus status = RELOAD_OK;

	if (text && (strcmp(text, "true") == 0 || strcmp(text, "1") == 0))
		*enabled = true;
	else if (text && strcmp(text, "false") != 0 && strcmp(text, "0") != 0)
		status = reload_xml_fail(xml, node, error,
					 "attribute enable is neither true nor false: correct it");
	g_free(text);
	return status;
}

ReloadDomains *reload_domains_read(const ReloadXml *xml, const xmlNode *node, GError **error)
{
	ReloadDomains *domains = g_new0(ReloadDomains, 1);
	ReloadStatus status;

	domains->patterns = g_ptr_array_new_with_free_func(pattern_free);
	status = read_enable(xml, node, &domains->enabled, error);
	for (xmlNode *child = reload_xml_first(node); status == RELOAD_OK && child;
	     child = reload_xml_next(child)) {
		if (!reload_xml_is(child, RELOAD_XML_NS_SIP, "pattern") &&
		    !reload_xml_is(child, RELOAD_XML_NS_BASE, "pattern"))
			status = reload_xml_fail(xml, child, error,
						 "is unknown in a domain restriction: remove it");
		else if (domains->patterns->len == PATTERNS_MAX)
			status = reload_xml_fail(xml, child, error,
						 "is one of more than %d: join some", PATTERNS_MAX);
		else
			status = add_pattern(xml, child, domains, error);
	}
	if (status == RELOAD_OK)
		return domains;
	reload_domains_free(domains);
	return NULL;
}

bool reload_document_admits_domain(const ReloadDocument *document, const char *domain,
				   size_t length)
{
	const ReloadDomains *domains = document->domains;
	char text[DOMAIN_MAX_BYTES + 1];

	if (length == 0 || length > DOMAIN_MAX_BYTES || memchr(domain, 0, length))
		return false;
	if (!domains)
		return true;
	if (!domains->enabled)
		return strlen(document->overlay) == length &&
		       g_ascii_strncasecmp(document->overlay, domain, length) == 0;
	memcpy(text, domain, length);
	text[length] = 0;
	for (guint i = 0; i < domains->patterns->len; i++) {
		if (regexec(domains->patterns->pdata[i], text, 0, NULL, 0) == 0)
			return true;
	}
	return false;
}

bool reload_document_admits_user(const ReloadDocument *document, const char *user_name)
{
	const char *at = strrchr(user_name, '@');

	return at && at != user_name &&
	       reload_document_admits_domain(document, at + 1, strlen(at + 1));
}
