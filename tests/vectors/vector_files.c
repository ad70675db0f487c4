/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes the files of the vectors, each sample decoded and encoded anew first. */
#include "tests/vectors/vector_files.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "reload_core/security/error.h"
#include "reload_core/wire/framing.h"
#include "tests/unit/wire_rewrite.h"

bool vector_files_write(const VectorFiles *files, const char *name, ReloadSpan data, GError **error)
{
	g_autofree char *path = g_build_filename(files->dir, name, NULL);
	g_autofree char *folder = g_path_get_dirname(path);

	if (g_mkdir_with_parents(folder, 0755) != 0) {
		reload_fail(error, RELOAD_E_INTERNAL, "%s: %s", folder, g_strerror(errno));
		return false;
	}
	return g_file_set_contents(path, (const char *)data.data, (gssize)data.len, error);
}

static ReloadStatus rewrite_frame(ReloadSpan data, GByteArray *out, GHashTable *arms)
{
	ReloadFrame frame;
	ReloadStatus status = reload_frame_decode(data, RELOAD_FRAME_MESSAGE_MAX, &frame);

	if (status != RELOAD_OK)
		return status;
	wire_arms_add(arms, "FrameType", frame.type);
	if (frame.type == RELOAD_FRAME_ACK)
		reload_write_ack_frame(out, frame.sequence, frame.received);
	else
		reload_write_data_frame(out, frame.sequence, frame.message);
	return RELOAD_OK;
}

static ReloadStatus rewrite(VectorForm form, ReloadSpan data, GByteArray *out, GHashTable *arms)
{
	switch (form) {
	case VECTOR_FRAGMENT:
		return wire_rewrite_fragment(data, out, arms);
	case VECTOR_FRAME:
		return rewrite_frame(data, out, arms);
	default:
		return wire_rewrite_message(data, out, arms);
	}
}

bool vector_files_write_sample(VectorFiles *files, const char *name, VectorForm form,
			       ReloadSpan data, GError **error)
{
	g_autoptr(GByteArray) again = g_byte_array_new();
	g_autoptr(GHashTable) arms = wire_arms_new();
	g_autofree char *line = NULL;
	ReloadStatus status = rewrite(form, data, again, arms);

	if (status != RELOAD_OK) {
		reload_fail(error, status, "%s: our decoder says: %s", name,
			    reload_strerror(status));
		return false;
	}
	if (!reload_span_equal(data, reload_span(again->data, again->len))) {
		reload_fail(error, RELOAD_E_INTERNAL, "%s: encoded anew it is different", name);
		return false;
	}
	line = wire_arms_line(arms);
	g_string_append_printf(files->manifest, "%s %s\n", name, line);
	return vector_files_write(files, name, data, error);
}

bool vector_files_finish(VectorFiles *files, GError **error)
{
	return vector_files_write(files, "manifest.txt", reload_span_text(files->manifest->str),
				  error);
}
