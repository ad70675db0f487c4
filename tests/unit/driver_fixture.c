/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An overlay in files, and whole nodes of it. */
#include "tests/unit/driver_fixture.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "reload_core/link/control.h"
#include "reload_core/link/socket.h"
#include "tests/unit/link_fixture.h"
#include "tools/ca/authority.h"
#include "tools/ca/files.h"
#include "tools/ca/overlay.h"

/* A port that is free now. */
static char *free_address(const char *host)
{
	ReloadAddress any, bound;
	char text[RELOAD_ADDRESS_TEXT];
	int fd;

	g_assert_true(reload_address_parse(host, 0, &any));
	fd = reload_socket_listen(&any, &bound, NULL);
	g_assert_cmpint(fd, >=, 0);
	close(fd);
	return g_strdup(reload_address_to_text(&bound, text));
}

void driver_make_node(DriverFixture *fixture, const char *directory)
{
	driver_make_node_for(fixture, directory, 90);
}

void driver_make_node_for(DriverFixture *fixture, const char *directory, int days)
{
	GError *error = NULL;
	CaAuthority *authority = ca_authority_load(fixture->ca, &error);

	g_assert_no_error(error);
	g_assert_true(ca_make_node(authority, directory, NULL, RELOAD_KEY_P256, days, NULL, &error));
	g_assert_no_error(error);
	ca_authority_free(authority);
}

void driver_fixture_set_up(DriverFixture *fixture, gconstpointer data)
{
	char *bootstrap[2] = {NULL, NULL};
	CaOverlayOptions options = {.name = DRIVER_OVERLAY,
				    .bootstrap = bootstrap,
				    .key_type = RELOAD_KEY_P256,
				    .days = 90,
				    .ca_days = 365,
				    .turn_density = -1};
	GError *error = NULL;

	(void)data;
	fixture->directory = g_dir_make_tmp("reload-driver-XXXXXX", NULL);
	fixture->ca = g_build_filename(fixture->directory, "ca", NULL);
	fixture->document = g_build_filename(fixture->ca, "overlay.xml", NULL);
	fixture->address = free_address("127.0.0.1");
	bootstrap[0] = fixture->address;
	options.directory = fixture->ca;
	g_assert_true(ca_create_overlay(&options, &error));
	g_assert_no_error(error);
	for (unsigned i = 0; i < G_N_ELEMENTS(fixture->nodes); i++) {
		fixture->nodes[i] = g_strdup_printf("%s/node%u", fixture->directory, i);
		driver_make_node(fixture, fixture->nodes[i]);
	}
}

static void remove_tree(const char *path)
{
	GDir *directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
		char *child = g_build_filename(path, name, NULL);

		remove_tree(child);
		g_free(child);
	}
	if (directory != NULL)
		g_dir_close(directory);
	g_assert_cmpint(g_remove(path), ==, 0);
}

void driver_fixture_tear_down(DriverFixture *fixture, gconstpointer data)
{
	(void)data;
	remove_tree(fixture->directory);
	g_free(fixture->directory);
	g_free(fixture->ca);
	g_free(fixture->document);
	g_free(fixture->address);
	for (unsigned i = 0; i < G_N_ELEMENTS(fixture->nodes); i++)
		g_free(fixture->nodes[i]);
}

void driver_log_quietly(void *user, ReloadLogLevel level, const char *text)
{
	(void)user;
	g_test_message("%d %s", level, text);
}

ReloadDriverOptions driver_options_for(const DriverFixture *fixture, unsigned n,
				       const char *const *listen)
{
	return (ReloadDriverOptions){
	    .program = "test",
	    .document_path = fixture->document,
	    .node_directory = fixture->nodes[n],
	    .listen = listen,
	    .first_node = n == 0,
	    .log_level = RELOAD_LOG_INFO,
	    .log_sink = driver_log_quietly,
	};
}

ReloadDriver *driver_start(const ReloadDriverOptions *options)
{
	GError *error = NULL;
	ReloadDriver *driver = reload_driver_new(options, &error);

	g_assert_no_error(error);
	reload_driver_start(driver);
	return driver;
}

bool driver_joined(ReloadDriver *driver)
{
	return reload_node_state(reload_driver_node(driver)) == RELOAD_NODE_JOINED;
}

void driver_answered(void *data, const char *text, const char *reason)
{
	DriverAnswer *answer = data;

	g_assert_false(answer->done);
	answer->done = true;
	answer->text = g_strdup(text);
	answer->reason = g_strdup(reason);
}

/* Returns the text of a driver_command that succeeds. */
char *driver_command(ReloadDriver *driver, const char *line)
{
	DriverAnswer answer = {0};

	reload_control_run(reload_driver_control(driver), line, driver_answered, &answer);
	LINK_WAIT(answer.done);
	if (answer.reason != NULL)
		g_error("%s: %s", line, answer.reason);
	return answer.text;
}

void driver_assert_command(ReloadDriver *driver, const char *line, const char *part)
{
	char *text = driver_command(driver, line);

	if (strstr(text, part) == NULL)
		g_error("\"%s\" is not in the answer to %s: %s", part, line, text);
	g_free(text);
}

static void left(void *data)
{
	*(bool *)data = true;
}

void driver_leave(ReloadDriver *driver)
{
	int64_t begun = g_get_monotonic_time();
	bool done = false;

	reload_driver_leave(driver, 0, left, &done);
	LINK_WAIT(done);
	g_assert_cmpint(g_get_monotonic_time() - begun, <, 2 * G_USEC_PER_SEC + 500000);
	g_assert_cmpint(reload_node_state(reload_driver_node(driver)), ==, RELOAD_NODE_LEFT);
	reload_driver_free(driver);
}

/* A driver_command that is refused says why. */
void driver_assert_command_refused(ReloadDriver *driver, const char *line, const char *why)
{
	DriverAnswer answer = {0};

	reload_control_run(reload_driver_control(driver), line, driver_answered, &answer);
	LINK_WAIT(answer.done);
	if (answer.reason == NULL || strstr(answer.reason, why) == NULL)
		g_error("\"%s\" is not why %s fails: %s", why, line, answer.reason);
	g_free(answer.text);
	g_free(answer.reason);
}
