/* SPDX-License-Identifier: MIT */
/*
 * tfhers/inspect.h -- any object of TFHE-rs as text: what it is, which parameters, how large, whose tag, what is in it.
 *
 * Words of keys and ciphertexts are counted, never shown.
 */
#ifndef ARCA_TFHERS_INSPECT_H
#define ARCA_TFHERS_INSPECT_H

#include "base/base.h"

/* A few lines "name: value", or one JSON object on one line.  Nothing is appended on an error. */
err tfhers_inspect(buf *out, slice file, bool json);

/* Every field with its offset and length, a line each (schema_print), after the line of the envelope. */
err tfhers_trace(buf *out, slice file);

#endif
