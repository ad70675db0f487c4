/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: clients, each with one command at a time, bounded in number and in what they
 * may send. */
#include "reload_core/link/control_private.h"

#include "reload_core/security/error.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* After accept failed for want of descriptors or memory: the socket stays readable, and asking at
 * once again would keep the processor busy. ms. */
#define REST 500

typedef struct {
	ReloadControl *control; /* NULL: the client is gone, its command is still under way */
	int fd;
	GSource *source;
	GString *in, *out;
	bool calling;
	GList place; /* in control->clients */
} Client;

/* ---- clients ---- */

static gboolean client_ready(gint fd, GIOCondition condition, gpointer data);

/* Where the next line that has come ends; NULL: it is not whole yet. */
static const char *line_end(const Client *client)
{
	return memchr(client->in->str, '\n', client->in->len);
}

static void drop_source(GSource **source)
{
	if (*source == NULL)
		return;
	g_source_destroy(*source);
	g_source_unref(*source);
	*source = NULL;
}

/* Waits for what can happen next: room for the answer, then the turn of a command that has come
 * already, then more bytes; nothing but its end while it waits for an answer. */
static void watch(Client *client)
{
	GIOCondition condition = G_IO_HUP | G_IO_ERR;

	drop_source(&client->source);
	if (client->out->len > 0)
		condition |= G_IO_OUT;
	else if (!client->calling)
		condition |= line_end(client) != NULL ? G_IO_OUT : G_IO_IN;
	client->source = g_unix_fd_source_new(client->fd, condition);
	g_source_set_callback(client->source, G_SOURCE_FUNC(client_ready), client, NULL);
	g_source_attach(client->source, client->control->context);
}

static void free_client(Client *client)
{
	g_string_free(client->in, TRUE);
	g_string_free(client->out, TRUE);
	g_free(client);
}

static void close_client(Client *client)
{
	drop_source(&client->source);
	close(client->fd);
	g_queue_unlink(&client->control->clients, &client->place);
	client->control = NULL;
	if (!client->calling)
		free_client(client);
}

static void append_lines(GString *out, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "\n");

		if (*text == '.' || *text == '!')
			g_string_append_c(out, ' ');
		g_string_append_len(out, text, (gssize)length);
		g_string_append_c(out, '\n');
		text += length + (text[length] == '\n');
	}
}

/* False: the client is gone. */
static bool write_out(Client *client)
{
	while (client->out->len > 0) {
		ssize_t sent = send(client->fd, client->out->str, client->out->len,
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0) {
			g_string_erase(client->out, 0, sent);
			continue;
		}
		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		close_client(client);
		return false;
	}
	return true;
}

static void answered(void *data, const char *text, const char *reason)
{
	Client *client = data;

	client->calling = false;
	if (client->control == NULL) {
		free_client(client);
		return;
	}
	append_lines(client->out, text);
	if (reason == NULL)
		g_string_append(client->out, ".\n");
	else
		g_string_append_printf(client->out, "! %s\n", reason);
	if (write_out(client))
		watch(client);
}

/* Performs the next command that has come, if it is whole. Nothing more is read before all of them
 * are done: what is held stays bounded by a line and what one recv brings. */
static void next_command(Client *client)
{
	const char *end = line_end(client);
	gsize length = end != NULL ? (gsize)(end - client->in->str) : client->in->len;
	char *line;

	if (length > RELOAD_CONTROL_LINE_MAX) {
		close_client(client);
		return;
	}
	if (end == NULL) {
		watch(client);
		return;
	}
	line = g_strndup(client->in->str, length);
	g_string_erase(client->in, 0, (gssize)length + 1);
	client->calling = true;
	watch(client);
	reload_control_run(client->control, line, answered, client);
	g_free(line);
}

static gboolean client_ready(gint fd, GIOCondition condition, gpointer data)
{
	Client *client = data;
	char bytes[RELOAD_CONTROL_LINE_MAX];
	ssize_t got;

	if ((condition & G_IO_OUT) != 0) {
		if (write_out(client) && client->out->len == 0)
			next_command(client);
		return G_SOURCE_CONTINUE; /* drop_source has ended it where it is no longer wanted
					   */
	}
	if ((condition & G_IO_IN) == 0) {
		close_client(client);
		return G_SOURCE_CONTINUE;
	}
	got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (got > 0) {
		g_string_append_len(client->in, bytes, got);
		next_command(client);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_client(client);
	}
	return G_SOURCE_CONTINUE;
}

/* The oldest client that only occupies its place. */
static Client *idle_client(ReloadControl *control)
{
	for (GList *i = control->clients.head; i != NULL; i = i->next) {
		Client *client = i->data;

		if (!client->calling && client->out->len == 0 && line_end(client) == NULL)
			return client;
	}
	return NULL;
}

static bool admitted(int fd)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 &&
	       (credentials.uid == geteuid() || credentials.uid == 0);
}

static gboolean accept_client(gint fd, GIOCondition condition, gpointer data);

static void wait_for_clients(ReloadControl *control)
{
	drop_source(&control->source);
	control->source = g_unix_fd_source_new(control->fd, G_IO_IN);
	g_source_set_callback(control->source, G_SOURCE_FUNC(accept_client), control, NULL);
	g_source_attach(control->source, control->context);
}

static gboolean rested(gpointer data)
{
	wait_for_clients(data);
	return G_SOURCE_CONTINUE; /* drop_source has ended it */
}

static void rest(ReloadControl *control)
{
	drop_source(&control->source);
	control->source = g_timeout_source_new(REST);
	g_source_set_callback(control->source, rested, control, NULL);
	g_source_attach(control->source, control->context);
}

static gboolean accept_client(gint fd, GIOCondition condition, gpointer data)
{
	ReloadControl *control = data;
	int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	Client *client;

	(void)condition;
	if (accepted < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			rest(control);
		return G_SOURCE_CONTINUE;
	}
	if (control->clients.length >= RELOAD_CONTROL_CLIENTS_MAX) {
		client = idle_client(control);
		if (client != NULL)
			close_client(client);
	}
	if (control->clients.length >= RELOAD_CONTROL_CLIENTS_MAX || !admitted(accepted)) {
		close(accepted);
		return G_SOURCE_CONTINUE;
	}
	client = g_new0(Client, 1);
	client->control = control;
	client->fd = accepted;
	client->in = g_string_new(NULL);
	client->out = g_string_new(NULL);
	client->place.data = client;
	g_queue_push_tail_link(&control->clients, &client->place);
	watch(client);
	return G_SOURCE_CONTINUE;
}

/* ---- the socket ---- */

/* A socket that nobody listens on any more is taken away. */
static bool clear_path(const char *path, const struct sockaddr_un *address, GError **error)
{
	struct stat status;
	bool stale;
	int fd;

	if (lstat(path, &status) != 0)
		return true;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	stale = S_ISSOCK(status.st_mode) && fd >= 0 &&
		connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
		errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	if (stale && unlink(path) == 0)
		return true;
	reload_fail(error, RELOAD_E_CONFIG, "%s: %s; name another control socket", path,
		    S_ISSOCK(status.st_mode) ? "another process listens there" : "is no socket");
	return false;
}

static bool bind_private(int fd, const struct sockaddr_un *address)
{
	mode_t mask = umask(0177);
	int result = bind(fd, (const struct sockaddr *)address, sizeof(*address));
	int saved = errno;

	umask(mask);
	errno = saved;
	return result == 0 && listen(fd, RELOAD_CONTROL_CLIENTS_MAX) == 0;
}

bool reload_control_listen(ReloadControl *control, const char *path, GError **error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct stat status;

	if (strlen(path) >= sizeof(address.sun_path)) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "%s: longer than the %zu characters of a socket's path; name a shorter one",
		    path, sizeof(address.sun_path) - 1);
		return false;
	}
	strcpy(address.sun_path, path);
	if (!clear_path(path, &address, error))
		return false;
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (control->fd < 0 || !bind_private(control->fd, &address) || lstat(path, &status) != 0) {
		reload_fail(
		    error, RELOAD_E_CONFIG,
		    "%s: cannot be made a control socket: %s; name one in a directory of your own",
		    path, g_strerror(errno));
		return false;
	}
	control->path = g_strdup(path);
	control->device = status.st_dev;
	control->inode = status.st_ino;
	wait_for_clients(control);
	return true;
}

void reload_control_close(ReloadControl *control)
{
	struct stat status;

	while (control->clients.head != NULL)
		close_client(control->clients.head->data);
	drop_source(&control->source);
	if (control->fd >= 0)
		close(control->fd);
	/* unless somebody has put another one there */
	if (control->path != NULL && lstat(control->path, &status) == 0 &&
	    status.st_dev == control->device && status.st_ino == control->inode)
		(void)unlink(control->path);
	g_free(control->path);
}
