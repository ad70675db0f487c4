/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a running node is asked by its operator: commands of the control socket, and signals. */
#include "reload_core/link/control.h"
#include "tests/unit/driver_fixture.h"
#include "tests/unit/link_fixture.h"

#include <signal.h>
#include <unistd.h>

static unsigned reloaded_count;

static void reloaded(void *user)
{
	(void)user;
	reloaded_count++;
}

static void test_commands(DriverFixture *fixture, gconstpointer data)
{
	static const struct {
		const char *line, *why;
	} refused[] = {
	    {"ping", "name a target"},
	    {"probe =0g", "name a target"},
	    {"probe =012", "name a target"},
	    {"lookup", "name an AOR"},
	    {"lookup =0102 NO-SUCH", "no such Kind"},
	    {"lookup =0102 99999999999", "no such Kind"},
	    {"lookup 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a 1", "stores nothing"},
	    {"lookup nobody@" DRIVER_OVERLAY, "nobody has registered"},
	    {"turn", "no TURN server was found"},
	    {"log-level loud", "name a level"},
	};
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 1, listen);
	ReloadDriver *driver = driver_start(&options);
	DriverAnswer open = {0};

	(void)data;
	driver_assert_command_refused(driver, "ping =01", "has not joined");
	reload_driver_free(driver);
	options.first_node = true;
	driver = driver_start(&options);
	LINK_WAIT(driver_joined(driver));
	for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
		driver_assert_command_refused(driver, refused[i].line, refused[i].why);
	driver_assert_command(driver, "ping =0102030405060708090a0b0c0d0e0f10", "answer from");
	driver_assert_command(driver,
			      "lookup =0102030405060708090a0b0c0d0e0f10 CERTIFICATE_BY_NODE",
			      "CERTIFICATE_BY_NODE");
	driver_assert_command(driver, "lookup =0102030405060708090a0b0c0d0e0f10 0x10",
			      "CERTIFICATE_BY_USER");
	driver_assert_command(driver, "log-level debug", "");
	/* Nobody has this Node-ID; who asked hears of it at the latest when the peer leaves. */
	reload_control_run(reload_driver_control(driver), "ping 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
			   driver_answered, &open);
	driver_assert_command(driver, "leave", "leaving");
	LINK_WAIT(open.done);
	g_assert_cmpstr(open.reason, ==, "the peer has left the overlay");
	LINK_WAIT(reload_node_state(reload_driver_node(driver)) == RELOAD_NODE_LEFT);
	g_free(open.text);
	g_free(open.reason);
	reload_driver_free(driver);
}

/* ---- signals ---- */

static void find_reload_failure(void *user, ReloadLogLevel level, const char *text)
{
	driver_log_quietly(NULL, level, text);
	if (strstr(text, "nothing was reloaded: ") != NULL)
		*(bool *)user = true;
}

typedef struct {
	ReloadDriver *driver;
	const char *document;
	bool failed; /* a reload */
	unsigned step;
} Signals;

/* Sends the next signal when the one before it has shown. */
static gboolean send_signal(gpointer data)
{
	Signals *signals = data;

	if (signals->step == 0 && driver_joined(signals->driver)) {
		signals->step = 1;
		kill(getpid(), SIGHUP);
	} else if (signals->step == 1 && reloaded_count == 1) {
		signals->step = 2;
		g_assert_true(g_file_set_contents(signals->document, "rubbish", -1, NULL));
		kill(getpid(), SIGHUP);
	} else if (signals->step == 2 && signals->failed) {
		signals->step = 3;
		kill(getpid(), SIGTERM);
		return G_SOURCE_REMOVE;
	}
	return G_SOURCE_CONTINUE;
}

/* SIGHUP reads the files again, and keeps what it has if they are wrong; SIGTERM leaves. */
static void test_signals(DriverFixture *fixture, gconstpointer data)
{
	const char *listen[] = {"127.0.0.1:0", NULL};
	ReloadDriverOptions options = driver_options_for(fixture, 0, listen);
	Signals signals = {.document = fixture->document};

	(void)data;
	reloaded_count = 0;
	options.reloaded = reloaded;
	options.log_sink = find_reload_failure;
	options.log_user = &signals.failed;
	signals.driver = driver_start(&options);
	g_timeout_add(2, send_signal, &signals);
	reload_driver_run(signals.driver);
	g_assert_cmpuint(signals.step, ==, 3);
	g_assert_cmpuint(reloaded_count, ==, 1);
	g_assert_cmpint(reload_node_state(reload_driver_node(signals.driver)), ==,
			RELOAD_NODE_LEFT);
	reload_driver_free(signals.driver);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test)                                                                            \
	g_test_add("/link/commands/" name, DriverFixture, NULL, driver_fixture_set_up, test,       \
		   driver_fixture_tear_down)
	ADD("commands", test_commands);
	ADD("signals", test_signals);
#undef ADD
	return g_test_run();
}
