/* SPDX-License-Identifier: MIT */
/* aws/base64.h -- RFC 4648, with padding.  Time: depends on the lengths only, for keys travel so. */
#ifndef ARCA_AWS_BASE64_H
#define ARCA_AWS_BASE64_H

#include "base/base.h"

void base64_write(buf *out, slice bytes);
/* Appends the bytes; false, and out as it was, for anything but the one way to write them. */
bool base64_read(buf *out, slice text);

#endif
