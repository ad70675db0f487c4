/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Stored values of the three data models, and specifiers of which to fetch (RFC 6940, 7, 7.2
 * and 7.4.2.1). */
#ifndef RELOAD_WIRE_STORED_DATA_H
#define RELOAD_WIRE_STORED_DATA_H

#include "reload_core/wire/buffer.h"
#include "reload_core/wire/constants.h"
#include "reload_core/wire/security_block.h"

/* RFC 6940, 7.2.2 and 7.4.1.1: a store at this index appends; in a range it is the last element. */
#define RELOAD_ARRAY_END 0xffffffffU

/* The codec refuses a message that lists more Kinds than this: more than any sane request has. */
#define RELOAD_KINDS_MAX 255

/* StoredDataValue: a DataValue, an ArrayEntry or a DictionaryEntry. */
typedef struct {
	ReloadDataModel model;
	uint32_t index; /* array */
	ReloadSpan key; /* dictionary */
	bool exists;	/* false: removed, or never there */
	ReloadSpan value;
} ReloadStoredValue;

/* StoredData. */
typedef struct {
	uint64_t storage_time; /* milliseconds since the Unix epoch */
	uint32_t lifetime;     /* seconds from when it was received */
	ReloadStoredValue value;
	ReloadSignature signature;
	ReloadSpan encoded_value; /* when decoded: the StoredDataValue as it came (for signatures
				     use reload_write_signed_value) */
	ReloadSpan raw; /* when decoded: the whole StoredData, its length field included */
} ReloadStoredData;

/* Reads a StoredDataValue of that model; fails for RELOAD_MODEL_UNKNOWN. */
bool reload_read_stored_value(ReloadReader *r, ReloadDataModel model, ReloadStoredValue *out);

/* Decodes a StoredDataValue that fills span exactly. */
ReloadStatus reload_stored_value_decode(ReloadSpan span, ReloadDataModel model,
					ReloadStoredValue *out);

/*
 * Takes the first StoredData off *values into *out, read by that model; false when none is left, or
 * when it is malformed (*values is then made empty; cannot happen in a list that was validated with
 * the same model). With RELOAD_MODEL_UNKNOWN only storage_time, lifetime and raw are set, and
 * out->value.model says UNKNOWN.
 */
bool reload_stored_data_next(ReloadSpan *values, ReloadDataModel model, ReloadStoredData *out);

/*
 * Tells whether values is made of whole, well-formed StoredData of that model; for
 * RELOAD_MODEL_UNKNOWN only the lengths are looked at.
 */
bool reload_stored_data_list_valid(ReloadSpan values, ReloadDataModel model);

/* Decodes one StoredData that fills span exactly, its length field included. */
ReloadStatus reload_stored_data_decode(ReloadSpan span, ReloadDataModel model,
				       ReloadStoredData *out);

/* Appends a StoredDataValue; false, and nothing appended, if a part is too long or the model is
 * UNKNOWN. */
bool reload_write_stored_value(GByteArray *buf, const ReloadStoredValue *value);

/* The same as it enters the signature: the index of an array element is 0 there (RFC
 * 6940, 7.4.2.2). */
bool reload_write_signed_value(GByteArray *buf, const ReloadStoredValue *value);

/* Appends a StoredData with its length; false, and nothing appended, if a part is too long. raw and
 * encoded_value are unused. */
bool reload_write_stored_data(GByteArray *buf, const ReloadStoredData *data);

typedef struct {
	uint32_t first;
	uint32_t last; /* not less than first; RELOAD_ARRAY_END: the final element */
} ReloadArrayRange;

/* StoredDataSpecifier: which values of one Kind. */
typedef struct {
	uint32_t kind;
	uint64_t generation; /* the last generation counter seen; 0: none */
	ReloadDataModel model;
	/*
	 * array: a list of ranges, walked with reload_array_range_next. dictionary: a list of keys,
	 * walked with reload_dictionary_key_next; empty: all. single: empty. UNKNOWN: the
	 * model_specifier as it came.
	 */
	ReloadSpan items;
} ReloadStoredDataSpecifier;

/*
 * Takes the first specifier off *specifiers into *out, its model told by model_of; false when none
 * is left or it is malformed. An array range whose first is greater than its last is malformed.
 */
bool reload_specifier_next(ReloadSpan *specifiers, reload_data_model_fn model_of, void *user_data,
			   ReloadStoredDataSpecifier *out);

/* Appends a specifier; false, and nothing appended, if items is too long. */
bool reload_write_specifier(GByteArray *buf, const ReloadStoredDataSpecifier *specifier);

/* Take the first element off the items of a specifier; false when none is left. */
bool reload_array_range_next(ReloadSpan *ranges, ReloadArrayRange *out);
bool reload_dictionary_key_next(ReloadSpan *keys, ReloadSpan *out);

/* Append an element to the items of a specifier; the key's is false if it is longer than 65535
 * bytes. */
void reload_write_array_range(GByteArray *buf, ReloadArrayRange range);
bool reload_write_dictionary_key(GByteArray *buf, ReloadSpan key);

/*
 * Tells whether two ranges of the list overlap, which 7.4.2.1 forbids, or whether there are more
 * than RELOAD_KINDS_MAX of them, which nobody asks for. The decoder leaves this check to who serves
 * the Fetch.
 */
bool reload_array_ranges_overlap(ReloadSpan ranges);

#endif
