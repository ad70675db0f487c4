/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: commands, answers, clients that misbehave, and what may lie at its path. */
#include "reload_core/link/control.h"
#include "tests/unit/link_fixture.h"

#include <glib/gstdio.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct {
	char *directory, *path;
	ReloadControl *control;
	ReloadControlCall *held; /* a call that is not ended yet */
} Fixture;

static void echo(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	(void)user;
	for (unsigned i = 1; i < argc; i++)
		reload_control_print(call, "%s", argv[i]);
	reload_control_end(call, NULL);
}

static void refuse(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	(void)user;
	(void)argc;
	(void)argv;
	reload_control_print(call, "before\033");
	reload_control_end(call, "not today");
}

static void hold(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	(void)argc;
	(void)argv;
	((Fixture *)user)->held = call;
}

static void many(void *user, ReloadControlCall *call, unsigned argc, char **argv)
{
	(void)user;
	(void)argc;
	(void)argv;
	for (unsigned i = 0; i < 100000; i++)
		reload_control_print(call, "line %u of many, so that no socket takes all at once",
				     i);
	reload_control_end(call, NULL);
}

static void set_up(Fixture *fixture, gconstpointer data)
{
	GError *error = NULL;

	(void)data;
	fixture->directory = g_dir_make_tmp("reload-control-XXXXXX", NULL);
	fixture->path = g_build_filename(fixture->directory, "control", NULL);
	fixture->control = reload_control_new(fixture->path, NULL, &error);
	g_assert_no_error(error);
	reload_control_add(fixture->control, "echo", "WORD... - says it again", echo, NULL);
	reload_control_add(fixture->control, "refuse", "- fails", refuse, NULL);
	reload_control_add(fixture->control, "hold", "- waits", hold, fixture);
	reload_control_add(fixture->control, "many", "- talks a lot", many, NULL);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
	(void)data;
	reload_control_free(fixture->control);
	g_assert_cmpint(g_access(fixture->path, F_OK), ==, -1); /* the socket went with it */
	g_assert_cmpint(g_rmdir(fixture->directory), ==, 0);
	g_free(fixture->path);
	g_free(fixture->directory);
}

static int client(const Fixture *fixture)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	g_strlcpy(address.sun_path, fixture->path, sizeof(address.sun_path));
	g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
	return fd;
}

static void say(int fd, const char *text)
{
	g_assert_cmpint(send(fd, text, strlen(text), MSG_NOSIGNAL), ==, (ssize_t)strlen(text));
}

/* Reads until the answer has ended or the other side has closed. */
static char *answer(int fd)
{
	GString *text = g_string_new(NULL);
	bool ended = false;

	LINK_WAIT(({
		char bytes[65536];
		ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (got > 0)
			g_string_append_len(text, bytes, got);
		ended = got == 0 || (got < 0 && errno != EAGAIN) ||
			g_str_has_suffix(text->str, "\n.\n") || strcmp(text->str, ".\n") == 0 ||
			(g_str_has_suffix(text->str, "\n") && g_strrstr(text->str, "! ") != NULL);
		ended;
	}));
	return g_string_free(text, FALSE);
}

static void assert_answer(int fd, const char *expected)
{
	char *text = answer(fd);

	g_assert_cmpstr(text, ==, expected);
	g_free(text);
}

static void test_commands(Fixture *fixture, gconstpointer data)
{
	int fd = client(fixture);

	(void)data;
	say(fd, "echo a bb\n");
	assert_answer(fd, "a\nbb\n.\n");
	say(fd, "ec"); /* in pieces, and with other white space */
	link_iterate();
	say(fd, "ho\t .x  !y\r\n");
	assert_answer(fd, " .x\n !y\n.\n");
	say(fd, "refuse\n");
	assert_answer(fd, "before?\n! not today\n");
	say(fd, "dance\n");
	assert_answer(fd, "! unknown command; help lists them\n");
	say(fd, "\n");
	assert_answer(fd, "! no command; help lists them\n");
	say(fd, "echo\n");
	assert_answer(fd, ".\n");
	close(fd);
}

static void test_long_answer(Fixture *fixture, gconstpointer data)
{
	int fd = client(fixture);
	char *text;

	(void)data;
	say(fd, "many\n");
	text = answer(fd);
	g_assert_true(g_str_has_suffix(text, "(cut here)\n.\n")); /* at 4 MiB */
	g_assert_cmpuint(strlen(text), <, 5 * 1024 * 1024);
	g_free(text);
	close(fd);
}

static void test_long_line(Fixture *fixture, gconstpointer data)
{
	int fd = client(fixture);
	char *line = g_strnfill(2 * RELOAD_CONTROL_LINE_MAX, 'x');
	char *text;

	(void)data;
	say(fd, line);
	text = answer(fd); /* closed */
	g_assert_cmpstr(text, ==, "");
	g_free(text);
	g_free(line);
	close(fd);
}

/* One that does end, but too late. */
static void test_long_whole_line(Fixture *fixture, gconstpointer data)
{
	int fd = client(fixture);
	char *line = g_strnfill(RELOAD_CONTROL_LINE_MAX + RELOAD_CONTROL_LINE_MAX / 2, 'x');

	(void)data;
	line[strlen(line) - 1] = '\n';
	say(fd, line);
	assert_answer(fd, ""); /* closed */
	g_free(line);
	close(fd);
}

/* Reads until as much has come as is expected. */
static void assert_text(int fd, const char *expected)
{
	GString *text = g_string_new(NULL);

	LINK_WAIT(({
		char bytes[65536];
		ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (got > 0)
			g_string_append_len(text, bytes, got);
		g_assert_cmpint(got, !=, 0);
		text->len >= strlen(expected);
	}));
	g_assert_cmpstr(text->str, ==, expected);
	g_string_free(text, TRUE);
}

/* Commands that come in one piece are performed one after the other. */
static void test_several_at_once(Fixture *fixture, gconstpointer data)
{
	int fd = client(fixture);

	(void)data;
	say(fd, "echo a\nrefuse\nhold\necho b\nec");
	assert_text(fd, "a\n.\nbefore?\n! not today\n");
	LINK_WAIT(fixture->held != NULL);
	for (unsigned i = 0; i < 5; i++)
		link_iterate();
	g_assert_cmpint(recv(fd, (char[1]){0}, 1, MSG_DONTWAIT), ==, -1); /* none overtakes another */
	reload_control_end(fixture->held, NULL);
	fixture->held = NULL;
	assert_text(fd, ".\nb\n.\n");
	say(fd, "ho c\n");
	assert_text(fd, "c\n.\n");
	close(fd);
}

/* Lines of next to nothing: as many answers come, so none is left in memory. */
static void test_many_lines(Fixture *fixture, gconstpointer data)
{
	enum { LINES = 4 * RELOAD_CONTROL_LINE_MAX };
	int fd = client(fixture);
	char *lines = g_strnfill(LINES, '\n');
	GString *expected = g_string_new(NULL);

	(void)data;
	for (unsigned i = 0; i < LINES; i++)
		g_string_append(expected, "! no command; help lists them\n");
	say(fd, lines);
	assert_text(fd, expected->str);
	g_string_free(expected, TRUE);
	g_free(lines);
	close(fd);
}

/* Without a descriptor for it a client waits, and the loop rests meanwhile. */
static void test_no_descriptors(Fixture *fixture, gconstpointer data)
{
	int fd = client(fixture), probe = dup(fd);
	struct rlimit limit, none;
	unsigned turns = 0;

	(void)data;
	g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	none = limit;
	none.rlim_cur = (rlim_t)probe; /* the lowest that is free */
	close(probe);
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &none), ==, 0);
	say(fd, "echo at last\n");
	while (g_main_context_iteration(NULL, FALSE))
		g_assert_cmpuint(++turns, <, 10);
	g_assert_cmpuint(turns, >, 0);
	g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
	assert_text(fd, "at\nlast\n.\n");
	close(fd);
}

/* The client goes while its command is under way; another one's is under way when all ends. */
static void test_gone(Fixture *fixture, gconstpointer data)
{
	int fd = client(fixture);

	(void)data;
	say(fd, "hold\n");
	LINK_WAIT(fixture->held != NULL);
	close(fd);
	for (unsigned i = 0; i < 5; i++)
		link_iterate();
	reload_control_print(fixture->held, "too late");
	reload_control_end(fixture->held, NULL);
	fixture->held = NULL;
	fd = client(fixture);
	say(fd, "hold\n");
	LINK_WAIT(fixture->held != NULL);
	reload_control_free(fixture->control);
	reload_control_end(fixture->held, NULL); /* has to be allowed, and frees it */
	fixture->control = NULL;
	close(fd);
}

static void test_many_clients(Fixture *fixture, gconstpointer data)
{
	int fds[RELOAD_CONTROL_CLIENTS_MAX + 4];

	(void)data;
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++) {
		fds[i] = client(fixture);
		link_iterate();
	}
	/* idle ones give way, the oldest first */
	say(fds[G_N_ELEMENTS(fds) - 1], "echo here\n");
	assert_answer(fds[G_N_ELEMENTS(fds) - 1], "here\n.\n");
	for (unsigned i = 0; i < G_N_ELEMENTS(fds); i++)
		close(fds[i]);
}

static void run_done(void *data, const char *text, const char *reason)
{
	char **out = data;

	g_assert_null(*out);
	*out = g_strdup_printf("%s|%s", text, reason != NULL ? reason : "");
}

static void test_run(Fixture *fixture, gconstpointer data)
{
	ReloadControl *inner = reload_control_new(NULL, NULL, NULL);
	char *out = NULL;

	(void)data;
	reload_control_run(fixture->control, "echo x", run_done, &out);
	g_assert_cmpstr(out, ==, "x\n|");
	g_clear_pointer(&out, g_free);
	/* without a socket, and ended under way */
	reload_control_add(inner, "hold", "", hold, fixture);
	reload_control_run(inner, "hold", run_done, &out);
	g_assert_null(out);
	reload_control_free(inner);
	g_assert_cmpstr(out, ==, "|the peer is ending");
	reload_control_end(fixture->held, NULL);
	g_free(out);
}

static void test_paths(Fixture *fixture, gconstpointer data)
{
	char *other = g_build_filename(fixture->directory, "file", NULL);
	char *deep = g_strnfill(200, 'x');
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	GError *error = NULL;
	ReloadControl *control;
	struct stat status;
	int fd;

	(void)data;
	g_assert_cmpint(g_stat(fixture->path, &status), ==, 0);
	g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
	/* somebody listens there: us */
	g_assert_null(reload_control_new(fixture->path, NULL, &error));
	g_assert_nonnull(strstr(error->message, "another process"));
	g_clear_error(&error);
	/* a file */
	g_assert_true(g_file_set_contents(other, "precious", -1, NULL));
	g_assert_null(reload_control_new(other, NULL, &error));
	g_assert_nonnull(strstr(error->message, "no socket"));
	g_clear_error(&error);
	g_assert_cmpint(g_unlink(other), ==, 0);
	g_assert_null(reload_control_new(deep, NULL, &error));
	g_clear_error(&error);
	/* a socket that nobody listens on any more */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	g_strlcpy(address.sun_path, other, sizeof(address.sun_path));
	g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof(address)), ==, 0);
	close(fd);
	control = reload_control_new(other, NULL, &error);
	g_assert_no_error(error);
	reload_control_free(control);
	g_free(deep);
	g_free(other);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add("/link/control/" name, Fixture, NULL, set_up, test, tear_down)
	ADD("commands", test_commands);
	ADD("long_answer", test_long_answer);
	ADD("long_line", test_long_line);
	ADD("long_whole_line", test_long_whole_line);
	ADD("several_at_once", test_several_at_once);
	ADD("many_lines", test_many_lines);
	ADD("no_descriptors", test_no_descriptors);
	ADD("gone", test_gone);
	ADD("many_clients", test_many_clients);
	ADD("run", test_run);
	ADD("paths", test_paths);
#undef ADD
	return g_test_run();
}
