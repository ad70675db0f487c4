/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's tool: finds the command and runs it. */
#include "tools/reloadctl.h"

#include <locale.h>
#include <stdio.h>

static const ReloadctlCommand *const tables[] = {
    reloadctl_ca_commands,
    reloadctl_runtime_commands,
    reloadctl_client_commands,
};

int reloadctl_fail(GError **error)
{
	fprintf(stderr, "reloadctl: %s\n", error && *error ? (*error)->message : "unknown error");
	g_clear_error(error);
	return RELOADCTL_FAILED;
}

bool reloadctl_parse(int *argc, char ***argv, const GOptionEntry *entries, const char *usage,
		     const char *summary, int *exit_code)
{
	GOptionContext *context = g_option_context_new(usage);
	GError *error = NULL;
	bool good;

	g_option_context_set_summary(context, summary);
	g_option_context_add_main_entries(context, entries, NULL);
	g_set_prgname((*argv)[0]);
	good = g_option_context_parse(context, argc, argv, &error);
	g_option_context_free(context);
	if (!good) {
		fprintf(stderr, "%s: %s (see %s --help)\n", (*argv)[0], error->message, (*argv)[0]);
		g_error_free(error);
		*exit_code = RELOADCTL_USAGE;
	}
	return good;
}

static void print_help(FILE *out)
{
	fprintf(
	    out,
	    "Usage: reloadctl COMMAND [ARGUMENTS]\n\n"
	    "Makes and checks overlays and certificates, and asks running peers.\n\nCommands:\n");
	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
		for (const ReloadctlCommand *command = tables[i]; command->name; command++) {
			fprintf(out, "  %s %s\n", command->name, command->arguments);
			fprintf(out, "        %s\n", command->summary);
		}
	}
	fprintf(out, "\nreloadctl COMMAND --help tells more about one.\n"
		     "Exit codes: 0 done, 1 failed or something to attend to, 2 wrong usage.\n");
}

/* How many of argv's words name the command, or 0. */
static int words_that_match(const char *name, int argc, char **argv)
{
	char **words = g_strsplit(name, " ", 0);
	int count = (int)g_strv_length(words);

	for (int i = 0; i < count; i++) {
		if (i >= argc || strcmp(words[i], argv[i]) != 0) {
			g_strfreev(words);
			return 0;
		}
	}
	g_strfreev(words);
	return count;
}

static int run(const ReloadctlCommand *command, int words, int argc, char **argv)
{
	char *name = g_strdup_printf("reloadctl %s", command->name);
	char **own = g_new0(char *, argc - words + 2);
	char **given = own;
	int result;

	own[0] = name;
	for (int i = words; i < argc; i++)
		own[i - words + 1] = argv[i];
	result = command->run(argc - words + 1, given);
	g_free(own);
	g_free(name);
	return result;
}

/* --control SOCKET may also stand before the command, where it is handed on as the variable. */
static void take_control(int *argc, char ***argv)
{
	int words = 0;

	if (*argc > 2 && (strcmp((*argv)[1], "--control") == 0 || strcmp((*argv)[1], "-c") == 0)) {
		words = 2;
		g_setenv("RELOAD_CONTROL", (*argv)[2], TRUE);
	} else if (*argc > 1 && g_str_has_prefix((*argv)[1], "--control=")) {
		words = 1;
		g_setenv("RELOAD_CONTROL", strchr((*argv)[1], '=') + 1, TRUE);
	}
	*argc -= words;
	*argv += words;
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	take_control(&argc, &argv);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		print_help(argc < 2 ? stderr : stdout);
		return argc < 2 ? RELOADCTL_USAGE : RELOADCTL_OK;
	}
	for (size_t i = 0; i < G_N_ELEMENTS(tables); i++) {
		for (const ReloadctlCommand *command = tables[i]; command->name; command++) {
			int words = words_that_match(command->name, argc - 1, argv + 1);

			if (words > 0)
				return run(command, words, argc - 1, argv + 1);
		}
	}
	fprintf(stderr, "reloadctl: unknown command \"%s%s%s\" (see reloadctl --help)\n", argv[1],
		argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
	return RELOADCTL_USAGE;
}
