/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The folder that the vectors program fills, with its manifest. */
#ifndef TESTS_VECTORS_VECTOR_FILES_H
#define TESTS_VECTORS_VECTOR_FILES_H

#include "reload_core/wire/types.h"

typedef struct {
	const char *dir;
	GString *manifest; /* a line for each sample: its file and what it shows */
} VectorFiles;

/* What the bytes of a sample are. */
typedef enum {
	VECTOR_MESSAGE,
	VECTOR_FRAGMENT,
	VECTOR_FRAME,
} VectorForm;

/* Each returns false with error set. Names may have one folder in them, which is made. */

/* Writes a file that is no sample. */
bool vector_files_write(const VectorFiles *files, const char *name, ReloadSpan data,
			GError **error);

/* Writes a sample and its line of the manifest; refuses one that our decoder refuses, or that comes
 * out otherwise when what was decoded is encoded. */
bool vector_files_write_sample(VectorFiles *files, const char *name, VectorForm form,
			       ReloadSpan data, GError **error);

/* Writes the manifest, when all samples are. */
bool vector_files_finish(VectorFiles *files, GError **error);

#endif
