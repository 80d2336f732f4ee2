/* SPDX-License-Identifier: MIT */
/*
 * tfhers/envelope.h -- what stands in front of every object of TFHE-rs: 26 constant bytes and the type's name.
 *
 *   "0.5" (header version) | u32 0 (versioned) | "0.1" (versioning scheme) | name      strings: u64 length, bytes
 *
 * There is no checksum and no total length: the object ends where the file ends, and we refuse what follows it.
 */
#ifndef ARCA_TFHERS_ENVELOPE_H
#define ARCA_TFHERS_ENVELOPE_H

#include "base/base.h"

enum { MAX_TYPE_NAME = 128 };

/* Leaves *body at the first byte of the object, with offsets counted from the start of the file. */
err  tfhers_envelope_read(slice *name, reader *body, slice file);

/* Bytes from outside as text for a sentence: cut off at 64 characters, anything unprintable as a question mark. */
typedef struct shown_name { char text[65]; } shown_name;
shown_name envelope_shown(slice s);

void   tfhers_envelope_write(buf *out, const char *name);
size_t envelope_length(const char *name);

#endif
