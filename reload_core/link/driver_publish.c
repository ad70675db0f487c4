/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Has the daemon's certificate kept in the overlay, and leaves where another node has its name. */
#include "reload_core/link/driver_private.h"

#include "reload_core/usages/certstore/publish.h"

/* RFC 6940, 11.3.1: "SHOULD look to see if the user name is already taken and, if so, choose another
 * user name". A name is configuration: the operator chooses. */
static void on_taken(void *data, const char *user_name, int64_t now)
{
	ReloadDriver *driver = data;

	(void)now;
	reload_log_write(driver->log, RELOAD_LOG_ERROR,
			 "user name %s is another node's in this overlay: leaving it; make a certificate "
			 "with another one: reloadctl cert node --name NAME",
			 user_name);
	driver->failed = true;
	reload_driver_leave(driver, 0, NULL, NULL);
}

void reload_driver_publish(ReloadDriver *driver)
{
	reload_certstore_publish(driver->node, on_taken, driver);
}
