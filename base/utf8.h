/* SPDX-License-Identifier: MIT */
/* base/utf8.h -- text that others wrote: is it UTF-8, and where do its characters end?  [RFC 3629, section 4] */
#ifndef ARCA_BASE_UTF8_H
#define ARCA_BASE_UTF8_H

#include "base/slice.h"

/* The length of the character that text starts with; 0 if it starts with none.  Surrogates and overlong forms are none. */
size_t utf8_step(slice text);

/* Is all of it UTF-8? */
bool   utf8_ok(slice text);

#endif
