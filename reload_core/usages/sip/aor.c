/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings AORs into their canonical form. */
#include "reload_core/usages/sip/aor.h"

/* A domain name in full has at most 253 characters (RFC 1035, 2.3.4). */
#define DOMAIN_MAX 253
#define LABEL_MAX 63

static ReloadStatus append(ReloadAor *out, char c)
{
	if (out->len == RELOAD_AOR_MAX)
		return RELOAD_E_TOO_LARGE;
	out->text[out->len++] = c;
	out->text[out->len] = '\0';
	return RELOAD_OK;
}

/* What a user part may hold once its escapes are decoded: anything but control characters. */
static bool is_control(unsigned char c)
{
	return c < 0x20 || c == 0x7f;
}

/* Stricter than visible ASCII where it would end a user part or open something else (RFC
 * 3261, 25.1), wider than the grammar where phones are (`#`). */
static bool is_user_char(unsigned char c)
{
	return c > 0x20 && c < 0x7f && !strchr("@:<>\"", c);
}

/* Decodes the escapes of a user part up to its password, if there is one. */
static ReloadStatus append_user(const char *user, size_t len, ReloadAor *out)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)user[i];

		if (c == ':') /* RFC 3261, 19.1.1: what follows is a password, no part of the AOR */
			break;
		if (c == '%') {
			if (len - i < 3 || !g_ascii_isxdigit(user[i + 1]) ||
			    !g_ascii_isxdigit(user[i + 2]))
				return RELOAD_E_MALFORMED;
			c = (unsigned char)(g_ascii_xdigit_value(user[i + 1]) << 4 |
					    g_ascii_xdigit_value(user[i + 2]));
			if (is_control(c))
				return RELOAD_E_MALFORMED;
			i += 2;
		} else if (!is_user_char(c)) {
			return RELOAD_E_MALFORMED;
		}
		if (append(out, (char)c))
			return RELOAD_E_TOO_LARGE;
	}
	return out->len ? RELOAD_OK : RELOAD_E_MALFORMED;
}

/* RFC 3261, 25.1: IPv6reference. Its text is taken as it is, in lower case. */
static bool is_ipv6_reference(const char *domain, size_t len)
{
	if (len < 4 || domain[0] != '[' || domain[len - 1] != ']')
		return false;
	for (size_t i = 1; i < len - 1; i++) {
		if (!g_ascii_isxdigit(domain[i]) && domain[i] != ':' && domain[i] != '.')
			return false;
	}
	return true;
}

/* Labels of letters, digits and '-' (and '_', which exists), none empty or longer than DNS allows.
 */
static bool is_hostname(const char *domain, size_t len)
{
	size_t label = 0;

	if (!len || len > DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = domain[i];

		if (c == '.') {
			if (!label)
				return false;
			label = 0;
		} else if (g_ascii_isalnum(c) || c == '-' || c == '_') {
			if (++label > LABEL_MAX)
				return false;
		} else {
			return false;
		}
	}
	return label > 0;
}

static ReloadStatus append_domain(const char *domain, size_t len, ReloadAor *out)
{
	if (len > 1 && domain[len - 1] == '.') /* the root's dot names the same domain */
		len--;
	if (!is_hostname(domain, len) && !is_ipv6_reference(domain, len))
		return RELOAD_E_MALFORMED;
	out->user_len = out->len;
	if (append(out, '@'))
		return RELOAD_E_TOO_LARGE;
	for (size_t i = 0; i < len; i++) {
		if (append(out, g_ascii_tolower(domain[i])))
			return RELOAD_E_TOO_LARGE;
	}
	return RELOAD_OK;
}

/* Writes into out only what is right as a whole. */
static ReloadStatus finish(ReloadStatus status, const ReloadAor *made, ReloadAor *out)
{
	if (!status)
		*out = *made;
	return status;
}

ReloadStatus reload_aor_from_parts(const char *user, size_t user_len, const char *domain,
				   size_t domain_len, ReloadAor *out)
{
	ReloadAor made = {0};
	ReloadStatus status = append_user(user, user_len, &made);

	if (!status)
		status = append_domain(domain, domain_len, &made);
	return finish(status, &made, out);
}

/* The length of `host` in `host[:port][;parameters][?headers]`; false if what follows it is
 * malformed. */
static bool split_host(const char *rest, size_t len, size_t *host_len)
{
	size_t i = 0;
	size_t digits = 0;

	if (len && rest[0] == '[') {
		const char *end = memchr(rest, ']', len);

		if (!end)
			return false;
		i = (size_t)(end - rest) + 1;
	}
	while (i < len && rest[i] != ':' && rest[i] != ';' && rest[i] != '?')
		i++;
	*host_len = i;
	if (i < len && rest[i] == ':') {
		for (i++; i < len && g_ascii_isdigit(rest[i]); i++)
			digits++;
		if (!digits || digits > 5)
			return false;
	}
	if (i < len && rest[i] != ';' && rest[i] != '?')
		return false;
	for (; i < len;
	     i++) { /* parameters and headers are no part of an AOR, but no junk either */
		if (is_control((unsigned char)rest[i]) || strchr(" @<>\"", rest[i]))
			return false;
	}
	return true;
}

/* Takes the scheme off uri; RELOAD_E_UNSUPPORTED if it is another one. */
static ReloadStatus strip_scheme(const char **uri, size_t *len)
{
	static const char *const ours[] = {"sip:", "sips:"};
	static const char *const others[] = {
	    "tel:", "im:", "pres:", "mailto:", "urn:", "http:", "https:"};

	for (size_t i = 0; i < G_N_ELEMENTS(ours); i++) {
		size_t n = strlen(ours[i]);

		if (*len >= n && !g_ascii_strncasecmp(*uri, ours[i], n)) {
			*uri += n;
			*len -= n;
			return RELOAD_OK;
		}
	}
	for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
		size_t n = strlen(others[i]);

		if (*len >= n && !g_ascii_strncasecmp(*uri, others[i], n))
			return RELOAD_E_UNSUPPORTED;
	}
	return RELOAD_OK;
}

ReloadStatus reload_aor_from_uri(const char *uri, size_t len, ReloadAor *out)
{
	const char *at;
	size_t host_len;
	ReloadStatus status = strip_scheme(&uri, &len);

	if (status)
		return status;
	/* '@' stands only once in a SIP URI: everywhere else it is escaped (RFC 3261, 25.1). */
	at = len ? memchr(uri, '@', len) : NULL;
	if (!at || !split_host(at + 1, len - (size_t)(at + 1 - uri), &host_len))
		return RELOAD_E_MALFORMED;
	return reload_aor_from_parts(uri, (size_t)(at - uri), at + 1, host_len, out);
}

ReloadStatus reload_aor_from_name(const char *name, size_t len, ReloadAor *out)
{
	ReloadAor made = {0};
	ReloadStatus status = RELOAD_OK;
	size_t at = len;

	while (at > 0 && name[at - 1] != '@') /* a decoded user part may hold one, a domain never */
		at--;
	if (at < 2)
		return RELOAD_E_MALFORMED;
	for (size_t i = 0; i < at - 1 && !status; i++)
		status = is_control((unsigned char)name[i]) ? RELOAD_E_MALFORMED
							    : append(&made, name[i]);
	if (!status)
		status = append_domain(name + at, len - at, &made);
	return finish(status, &made, out);
}

char *reload_aor_to_uri(const ReloadAor *aor)
{
	GString *uri = g_string_new("sip:");

	for (size_t i = 0; i < aor->user_len; i++) {
		unsigned char c = (unsigned char)aor->text[i];

		/* RFC 3261, 25.1: unreserved and user-unreserved stand for themselves */
		if (g_ascii_isalnum(c) || (c && strchr("-_.!~*'()&=+$,;?/", c)))
			g_string_append_c(uri, (char)c);
		else
			g_string_append_printf(uri, "%%%02X", c);
	}
	g_string_append(uri, aor->text + aor->user_len);
	return g_string_free(uri, FALSE);
}

bool reload_aor_equal(const ReloadAor *a, const ReloadAor *b)
{
	return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

void reload_aor_resource_id(const ReloadDocument *document, const ReloadAor *aor,
			    ReloadResourceId *out)
{
	reload_resource_id_from_name(document, aor->text, aor->len, out);
}
