/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds and performs commands, whoever gives them. The socket is control_socket.c's. */
#include "reload_core/link/control_private.h"

/* An answer longer than this is cut: nobody reads it, and it has to be held. */
#define ANSWER_MAX (4 * 1024 * 1024)

typedef struct {
	const char *name, *usage;
	ReloadControlFunc func;
	void *user;
} Command;

ReloadControl *reload_control_new(const char *path, GMainContext *context, GError **error)
{
	ReloadControl *control = g_new0(ReloadControl, 1);

	control->context = context != NULL ? context : g_main_context_default();
	control->commands = g_ptr_array_new_with_free_func(g_free);
	control->calls = g_hash_table_new(NULL, NULL);
	control->fd = -1;
	if (path != NULL && !reload_control_listen(control, path, error)) {
		reload_control_free(control);
		return NULL;
	}
	return control;
}

static void end_call(ReloadControlCall *call, const char *reason)
{
	void (*done)(void *, const char *, const char *) = call->done;

	call->done = NULL;
	if (done != NULL)
		done(call->data, call->text->str, reason);
}

void reload_control_free(ReloadControl *control)
{
	GHashTableIter iter;
	gpointer value;

	if (control == NULL)
		return;
	g_hash_table_iter_init(&iter, control->calls);
	while (g_hash_table_iter_next(&iter, &value, NULL)) {
		ReloadControlCall *call = value;

		g_hash_table_iter_steal(&iter);
		call->control = NULL; /* whoever performs it ends and frees it */
		end_call(call, "the peer is ending");
	}
	g_hash_table_destroy(control->calls);
	reload_control_close(control);
	g_ptr_array_unref(control->commands);
	g_free(control);
}

void reload_control_add(ReloadControl *control, const char *name, const char *usage,
			ReloadControlFunc func, void *user)
{
	Command *command = g_new(Command, 1);

	*command = (Command){name, usage, func, user};
	g_ptr_array_add(control->commands, command);
}

static void help(ReloadControl *control, ReloadControlCall *call)
{
	for (guint i = 0; i < control->commands->len; i++) {
		const Command *command = control->commands->pdata[i];

		reload_control_print(call, "%s %s", command->name, command->usage);
	}
	reload_control_end(call, NULL);
}

static const Command *find(const ReloadControl *control, const char *name)
{
	for (guint i = 0; i < control->commands->len; i++) {
		const Command *command = control->commands->pdata[i];

		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

/* The words of line, at least one; NULL: there are none. */
static char **words_of(const char *line, unsigned *count)
{
	char **parts = g_strsplit_set(line, " \t\r\n", 0);
	unsigned used = 0;

	for (char **part = parts; *part != NULL; part++) {
		if (**part == '\0')
			g_free(*part);
		else
			parts[used++] = *part;
	}
	parts[used] = NULL;
	*count = used;
	if (used > 0)
		return parts;
	g_strfreev(parts);
	return NULL;
}

void reload_control_run(ReloadControl *control, const char *line,
			void (*done)(void *data, const char *text, const char *reason), void *data)
{
	ReloadControlCall *call = g_new0(ReloadControlCall, 1);
	const Command *command;
	unsigned count;
	char **words = words_of(line, &count);

	call->control = control;
	call->done = done;
	call->data = data;
	call->text = g_string_new(NULL);
	g_hash_table_add(control->calls, call);
	if (words == NULL) {
		reload_control_end(call, "no command; help lists them");
		return;
	}
	command = find(control, words[0]);
	if (command != NULL)
		command->func(command->user, call, count, words);
	else if (strcmp(words[0], "help") == 0)
		help(control, call);
	else
		reload_control_end(call, "unknown command; help lists them");
	g_strfreev(words);
}

void reload_control_print(ReloadControlCall *call, const char *format, ...)
{
	va_list args;
	char *text;

	if (call->text->len > ANSWER_MAX)
		return;
	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	/* some of it comes from other nodes: nothing for a terminal to obey */
	for (char *c = text; *c != '\0'; c++)
		if (((unsigned char)*c < 0x20 && *c != '\n' && *c != '\t') || *c == 0x7f)
			*c = '?';
	g_string_append(call->text, text);
	if (text[0] == '\0' || text[strlen(text) - 1] != '\n')
		g_string_append_c(call->text, '\n');
	if (call->text->len > ANSWER_MAX)
		g_string_append(call->text, "(cut here)\n");
	g_free(text);
}

void reload_control_end(ReloadControlCall *call, const char *reason)
{
	if (call->control != NULL)
		g_hash_table_remove(call->control->calls, call);
	end_call(call, reason);
	g_string_free(call->text, TRUE);
	g_free(call);
}
