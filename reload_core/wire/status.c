/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts for results. */
#include "reload_core/wire/status.h"

#include <glib.h>

static const char *const texts[] = {
	"success",
	"malformed",
	"unknown RELOAD version",
	"message of another overlay",
	"too large",
	"TTL exceeded",
	"signature missing or wrong",
	"certificate not acceptable",
	"not valid at this time",
	"forbidden",
	"not found",
	"unknown Kind",
	"generation counter too low",
	"older than what is stored",
	"timeout",
	"limit reached",
	"unreachable",
	"not possible in this state",
	"configuration not valid",
	"not supported",
	"refused by the other side",
	"cancelled",
	"internal error",
};

const char *reload_strerror(ReloadStatus status)
{
	int index = -(int)status;

	if (index < 0 || (size_t)index >= G_N_ELEMENTS(texts))
		return "unknown error";
	return texts[index];
}
