/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of usrloc become changes of what this edge keeps registered in the overlay. Callbacks run
 * with usrloc's slot locked, in whatever process adds, removes or expires a contact. */
#include "modules/p2psip/location.h"

#include <string.h>

#include "modules/p2psip/aor.h"
#include "modules/p2psip/compat.h"
#include "modules/p2psip/config.h"
#include "modules/p2psip/phone_table.h"
#include "modules/p2psip/registrations.h"

static usrloc_api_t usrloc;

static int is_our_table(const struct ucontact *contact)
{
	return contact->domain != NULL && contact->domain->s != NULL &&
	       (int)strlen(p2psip_config.location_table) == contact->domain->len &&
	       memcmp(contact->domain->s, p2psip_config.location_table, contact->domain->len) == 0;
}

static void note_phone(const struct ucontact *contact)
{
	p2psip_phones_note_uri(contact->received.len > 0 ? &contact->received : &contact->c);
}

static void on_change(struct ucontact *contact, int type, void *param)
{
	char aor[P2PSIP_AOR_MAX];

	/* usrloc writes and drops contacts once more when Kamailio ends, maybe after this module. */
	if (!p2psip_registrations_ready() || !is_our_table(contact) ||
	    p2psip_aor_of_location(contact->aor, aor) != 0)
		return;
	if (type & (UL_CONTACT_INSERT | UL_CONTACT_UPDATE)) {
		p2psip_registrations_contact(aor);
		note_phone(contact);
		return;
	}
	/* It is still in the list of its AOR: the last one if it is alone there. */
	if (contact->next == NULL && contact->prev == NULL)
		p2psip_registrations_gone(aor);
}

int p2psip_location_init(void)
{
	bind_usrloc_t bind = (bind_usrloc_t)(void *)find_export("ul_bind_usrloc", 1, 0);
	udomain_t *table;

	if (bind == NULL || bind(&usrloc) < 0) {
		LM_ERR(
		    "module usrloc is not loaded: add loadmodule \"usrloc.so\" before p2psip.so\n");
		return -1;
	}
	if (usrloc.db_mode == DB_ONLY) {
		LM_ERR("the overlay must hear of contacts that expire: set modparam(\"usrloc\", "
		       "\"db_mode\", 2) (or 0, or 1)\n");
		return -1;
	}
	/* Where the script is native, save() and lookup() make the table known; KEMI scripts do
	 * not. */
	if (usrloc.register_udomain(p2psip_config.location_table, &table) < 0) {
		LM_ERR("modparam location_table: usrloc cannot use table %s: correct its name, or "
		       "usrloc's db_url\n",
		       p2psip_config.location_table);
		return -1;
	}
	if (usrloc.register_ulcb(ULCB_MAX, on_change, NULL) < 0) {
		LM_ERR("cannot register a usrloc callback\n");
		return -1;
	}
	return 0;
}

static char *take(void *to, char *from, size_t size)
{
	memcpy(to, from, size);
	return from + size;
}

/* One contact of what get_all_ucontacts() has written: its place in usrloc. NULL behind the last.
 */
static char *next_contact(char *p, unsigned *aorhash, str *ruid)
{
	int len;

	p = take(&len, p, sizeof(len)); /* contact */
	if (len == 0)
		return NULL;
	p = take(&len, p + len, sizeof(len)); /* received */
	p += len + sizeof(struct socket_info *) + sizeof(unsigned);
	p = take(&len, p, sizeof(len)); /* path */
	p = take(&ruid->len, p + len, sizeof(ruid->len));
	ruid->s = p;
	return take(aorhash, p + ruid->len, sizeof(*aorhash));
}

static void note_contact(udomain_t *table, unsigned aorhash, str *ruid)
{
	urecord_t *record;
	ucontact_t *contact;
	char aor[P2PSIP_AOR_MAX];

	if (usrloc.get_urecord_by_ruid(table, aorhash, ruid, &record, &contact) != 0)
		return;
	if (p2psip_aor_of_location(&record->aor, aor) == 0) {
		p2psip_registrations_contact(aor);
		note_phone(contact);
	}
	usrloc.release_urecord(record);
	usrloc.unlock_udomain(table, &record->aor);
}

static char *all_contacts(void)
{
	int size = 0, more = 16384;
	char *buffer = NULL;

	while (more > 0) {
		if (buffer != NULL)
			pkg_free(buffer);
		size += more + 1024;
		buffer = pkg_malloc(size);
		if (buffer == NULL) {
			PKG_MEM_ERROR;
			return NULL;
		}
		more = usrloc.get_all_ucontacts(buffer, size, 0, 0, 1, 0);
	}
	return buffer;
}

void p2psip_location_scan(void)
{
	udomain_t *table;
	unsigned aorhash;
	char *buffer, *p;
	str ruid;

	if (usrloc.get_udomain(p2psip_config.location_table, &table) < 0 || table == NULL)
		return;
	p = buffer = all_contacts();
	while (p != NULL && (p = next_contact(p, &aorhash, &ruid)) != NULL)
		note_contact(table, aorhash, &ruid);
	if (buffer != NULL)
		pkg_free(buffer);
}
