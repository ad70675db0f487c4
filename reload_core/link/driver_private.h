/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files behind driver.h share; nobody else's business. */
#ifndef RELOAD_LINK_DRIVER_PRIVATE_H
#define RELOAD_LINK_DRIVER_PRIVATE_H

#include "reload_core/link/control.h"
#include "reload_core/link/driver.h"

/* Documents and certificates that end sooner are warned of. ms. */
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
	GSource *ends_source;	   /* looks at what ends; NULL: not yet */
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
/* Reads the document and makes its trust; RELOAD_OK, or all of files is NULL and error set. */
ReloadStatus reload_driver_load_document(const char *path, const char *overlay, int64_t now,
					 DriverFiles *files, GError **error);
/* Reads Kinds, certificate and key of the node, which have to be good by the document in files; as above. */
ReloadStatus reload_driver_load_node(const char *node_directory, int64_t now, DriverFiles *files,
				     GError **error);
/* Both. */
ReloadStatus reload_driver_load(const char *document_path, const char *overlay,
				const char *node_directory, int64_t now, DriverFiles *files,
				GError **error);
void reload_driver_files_clear(DriverFiles *files);
ReloadStatus reload_driver_parse_addresses(const ReloadDriverOptions *options, DriverAddresses *out,
					   GError **error);
void reload_driver_addresses_clear(DriverAddresses *addresses);

/* ---- driver_ends.c ---- */
/* line is a view for the time of the call. */
typedef void (*ReloadDriverTell)(void *user, ReloadLogLevel level, const char *line);
/* Tells, a line each, of document and certificate: a warning where one ends within WARN_BEFORE, an
 * error where it has ended. Returns when to tell again, ms: a day later, or just after one of them
 * ends. */
int64_t reload_driver_tell_ends(const DriverFiles *files, const char *document_path,
				const char *node_directory, int64_t now, ReloadDriverTell tell,
				void *user);
/* Logs that in wait ms, and again and again from then on. Takes the place of what was set before.
 */
void reload_driver_watch_ends(ReloadDriver *driver, int64_t wait);
void reload_driver_unwatch_ends(ReloadDriver *driver);

/* ---- driver_commands.c, driver_requests.c ---- */
void reload_driver_add_commands(ReloadDriver *driver);
void reload_driver_add_requests(ReloadDriver *driver);
/* Ends the commands that wait for answers. */
void reload_driver_end_requests(ReloadDriver *driver, const char *reason);

#endif
