/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files behind driver.h share; nobody else's business. */
#ifndef RELOAD_LINK_DRIVER_PRIVATE_H
#define RELOAD_LINK_DRIVER_PRIVATE_H

#include "reload_core/link/control.h"
#include "reload_core/link/driver.h"

/* Certificates that end sooner are warned of. */
#define WARN_BEFORE (30 * 86400000LL)

/* What the files say, checked. */
typedef struct {
	ReloadDocument *document;
	ReloadTrust *trust;
	ReloadIdentity *identity;
	GBytes *kinds; /* kind-blocks beside the document, which has them; NULL: no such file */
} DriverFiles;

/* Starts as zeroes. */
typedef struct {
	GArray *listen, *advertise, *app_listen, *app_advertise; /* ReloadAddress */
} DriverAddresses;

struct ReloadDriver {
	char *document_path, *overlay, *node_directory;
	GMainContext *context;
	GMainLoop *loop; /* while reload_driver_run runs */
	ReloadLog *log;
	ReloadLinks *links;
	ReloadNode *node;
	ReloadControl *control;
	GPtrArray *pending; /* commands that wait for answers from the overlay */
	DriverFiles files;
	DriverAddresses addresses; /* listen and app_listen: what they are bound to */
	ReloadNodeEvents owner;
	void (*reloaded)(void *user);

	bool leaving, left;
	bool failed; /* it leaves of itself */
	int64_t leave_deadline; /* us, monotonic */
	GSource *leave_source;
	void (*leave_done)(void *data);
	void *leave_data;
};

/* ---- driver_files.c ---- */
/* Reads document, certificate and key; RELOAD_OK, or all of files is NULL and error set. */
ReloadStatus reload_driver_load(const char *document_path, const char *overlay,
				const char *node_directory, int64_t now, DriverFiles *files,
				GError **error);
void reload_driver_files_clear(DriverFiles *files);
ReloadStatus reload_driver_parse_addresses(const ReloadDriverOptions *options, DriverAddresses *out,
					   GError **error);
void reload_driver_addresses_clear(DriverAddresses *addresses);
/* Lines about what ends soon; NULL: nothing does. */
GPtrArray *reload_driver_warnings(const DriverFiles *files, const char *document_path,
				  const char *node_directory, int64_t now);

/* ---- driver_commands.c, driver_requests.c ---- */
void reload_driver_add_commands(ReloadDriver *driver);
void reload_driver_add_requests(ReloadDriver *driver);
/* Ends the commands that wait for answers. */
void reload_driver_end_requests(ReloadDriver *driver, const char *reason);

#endif
